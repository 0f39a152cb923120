// The report's data. A page opened from disk may fetch nothing, so each file is a script that is added when it is needed.
(() => {
  "use strict";
  const FOLDER = "data/";
  // Files of items that are kept in memory; those of scores and texts all are.
  const KEPT = 80;
  const files = new Map();
  const received = new Map();

  snakedit.receive = (name, content) => received.set(name, content);

  function add(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${FOLDER}${name}.js`;
      script.onload = () => {
        script.remove();
        if (received.has(name)) resolve(received.get(name));
        else reject(new Error(`${script.src} is damaged`));
        received.delete(name);
      };
      script.onerror = () => reject(new Error(`${FOLDER}${name}.js is missing: this folder is not whole`));
      document.head.append(script);
    });
  }

  // The content of a file, read once. A file that could not be read is tried again the next time.
  snakedit.load = (name) => {
    if (!files.has(name)) {
      const reading = add(name);
      reading.catch(() => files.delete(name));
      files.set(name, reading);
      const items = [...files.keys()].filter((other) => other.startsWith("items-"));
      for (const other of items.slice(0, Math.max(0, items.length - KEPT))) files.delete(other);
    }
    return files.get(name);
  };

  // Columns of 16-bit numbers as numbers, NaN where missing; see columns.py.
  snakedit.unpack = ({ low, decimals, columns }) => {
    const factor = 10 ** decimals;
    return columns.map((text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const steps = new DataView(bytes.buffer);
      const values = new Float64Array(bytes.length / 2);
      for (let i = 0; i < values.length; i++) {
        const step = steps.getUint16(2 * i, true);
        values[i] = step === 0 ? NaN : Math.round(low * factor + step - 1) / factor;
      }
      return values;
    });
  };

  // Which of the runs that begin at `starts` a place lies in.
  function runOf(starts, place) {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (starts[middle] <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // One item's record, by its place in the benchmark.
  snakedit.record = async (index, place) => {
    const run = runOf(index.itemStarts, place);
    const items = await snakedit.load(`items-${run}`);
    return items[place - index.itemStarts[run]];
  };

  // Ids and searchable texts of the items from one place up to another: calls `each(place, [id, ...texts])`.
  snakedit.texts = async (index, from, to, each) => {
    const starts = index.textStarts;
    for (let number = 0; number < starts.length; number++) {
      const end = number + 1 < starts.length ? starts[number + 1] : index.count;
      if (end <= from || starts[number] >= to) continue;
      const lines = await snakedit.load(`text-${number}`);
      lines.forEach((line, i) => {
        const place = starts[number] + i;
        if (place >= from && place < to) each(place, line);
      });
    }
  };

  snakedit.categoryAt = (index, place) => {
    index.categoryStarts = index.categoryStarts || index.categories.map((one) => one.start);
    return runOf(index.categoryStarts, place);
  };

  snakedit.find = async (index, folder, id) => {
    const category = index.categories.find((one) => one.folder === folder);
    if (!category) return null;
    let match = null;
    await snakedit.texts(index, category.start, category.start + category.count, (place, line) => {
      if (line[0] === id) match = place;
    });
    return match;
  };
})();
