// Which items are shown, and in which order: from columns of numbers alone, so that it is quick for 100,000.
(() => {
  "use strict";

  function mean(columns, place) {
    let sum = 0;
    let count = 0;
    for (const column of columns) {
      if (!Number.isNaN(column[place])) {
        sum += column[place];
        count++;
      }
    }
    return count ? sum / count : NaN;
  }

  function range(columns, place) {
    let low = Infinity;
    let high = -Infinity;
    for (const column of columns) {
      const value = column[place];
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return high > low ? high - low : low === high ? 0 : NaN;
  }

  // key → [columns, their reduction, whether the largest comes first]. Items without a number come last.
  const SORTS = {
    best: ["scores", mean, true],
    worst: ["scores", mean, false],
    disagreed: ["contestants", range, true],
    changed: ["changes", mean, true],
    unchanged: ["changes", mean, false],
  };

  // `state` as in address.js; `table` has per editor its statuses (letters), scores and changes.
  snakedit.select = (index, table, state, matches) => {
    const chosen = index.editors.map((editor, number) => number).filter(
      (number) => !state.editors.length || state.editors.includes(index.editors[number].name),
    );
    const low = state.low === "" ? -Infinity : Number(state.low);
    const high = state.high === "" ? Infinity : Number(state.high);
    const anyScore = low === -Infinity && high === Infinity;
    const letter = Object.keys(index.statuses).find((one) => index.statuses[one] === state.status);
    const category = index.categories.find((one) => one.folder === state.category);
    const from = category ? category.start : 0;
    const to = category ? category.start + category.count : index.count;

    const fits = (place) =>
      (!matches || matches[place]) &&
      ((!letter && anyScore) ||
        chosen.some(
          (editor) =>
            (!letter || table.statuses[editor][place] === letter) &&
            (anyScore || (table.scores[editor][place] >= low && table.scores[editor][place] <= high)),
        ));
    const places = [];
    for (let place = from; place < to; place++) if (fits(place)) places.push(place);
    return sorted(places, index, table, chosen, state.sort);
  };

  function sorted(places, index, table, chosen, sort) {
    if (!Object.hasOwn(SORTS, sort)) return places;
    const [name, of, largestFirst] = SORTS[sort];
    const contestants = chosen.filter((editor) => !index.editors[editor].control);
    const columns = {
      scores: chosen.map((editor) => table.scores[editor]),
      changes: chosen.map((editor) => table.changes[editor]),
      // That a control is worse than an editor is no disagreement.
      contestants: (contestants.length > 1 ? contestants : chosen).map((editor) => table.scores[editor]),
    }[name];
    const keys = new Float64Array(index.count);
    for (const place of places) {
      const key = of(columns, place);
      keys[place] = Number.isNaN(key) ? Infinity : largestFirst ? -key : key;
    }
    return places.sort((a, b) => (keys[a] === keys[b] ? a - b : keys[a] - keys[b]));
  }

  // Returns a state without names that this report lacks, as an old link may have them, and those names.
  snakedit.known = (index, state) => {
    const names = (all) => all.map((one) => one.name);
    const allowed = {
      category: index.categories.map((one) => one.folder),
      judge: names(index.judges),
      status: Object.values(index.statuses),
      sort: ["order", ...Object.keys(SORTS)],
      mode: ["side", "slider"],
    };
    const initial = snakedit.initial();
    const editors = state.editors.filter((name) => names(index.editors).includes(name));
    const lost = state.editors.filter((name) => !editors.includes(name));
    const kept = { ...state, editors };
    for (const [key, values] of Object.entries(allowed)) {
      if (kept[key] === initial[key] || values.includes(kept[key])) continue;
      lost.push(kept[key]);
      kept[key] = initial[key];
    }
    return [kept, lost];
  };

  // Which items have every word of a text in their id, instruction or tags; null for a text without words.
  snakedit.search = async (index, text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const matches = new Uint8Array(index.count);
    await snakedit.texts(index, 0, index.count, (place, line) => {
      const whole = line.join("\n").toLowerCase();
      if (words.every((word) => whole.includes(word))) matches[place] = 1;
    });
    return matches;
  };
})();
