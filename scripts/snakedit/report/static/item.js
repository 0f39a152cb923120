// One item as the list shows it: its instruction, and source, reference and every editor's edit in a row.
(() => {
  "use strict";
  const { make, number } = snakedit;

  // A picture's addresses: whole, from the results around the report, and small, from within it.
  snakedit.addresses = (base, [file, thumbnail]) => ({ whole: `${base}/${file}`, small: thumbnail || `${base}/${file}` });

  snakedit.picture = (addresses, alt) => {
    const image = make("img", { src: addresses.small, alt, loading: "lazy", decoding: "async" });
    image.onerror = () =>
      image.replaceWith(make("span", { class: "missing", role: "img", "aria-label": alt }, "not in this folder"));
    return image;
  };

  // Returns [class, text] for the status of an edit by one judge.
  snakedit.verdict = (status, score) =>
    status === "ok" && score && score.score !== null ? ["value", number(score.score)] : ["status", status];

  function meter(index, judge, score) {
    const scale = index.judges[judge] && index.judges[judge].scale;
    if (!scale || !score || score.score === null) return null;
    const share = (score.score - scale[0]) / (scale[1] - scale[0]);
    const bar = make("span", { class: "meter", "aria-hidden": "true" });
    bar.style.setProperty("--share", Math.min(1, Math.max(0, share)));
    return bar;
  }

  // A judge's numbers and words about one edit, or the reason why there are none.
  snakedit.said = (score, edit) => {
    const parts = [];
    if (edit && edit.error) parts.push(make("p", { class: "error", dir: "auto" }, edit.error));
    if (score) {
      if (score.error) parts.push(make("p", { class: "error", dir: "auto" }, score.error));
      const rows = score.values.map(([name, value, spread]) =>
        make(
          "div",
          {},
          make("dt", {}, make("bdi", {}, name)),
          make("dd", {}, value === null ? "not read" : number(value) + (spread === null ? "" : ` ± ${number(spread)}`)),
        ),
      );
      if (rows.length) parts.push(make("dl", { class: "values" }, ...rows));
      for (const [name, lines] of score.words) {
        parts.push(make("p", { class: "of" }, make("bdi", {}, name)));
        for (const line of lines) parts.push(make("p", { class: "said", dir: "auto" }, line));
      }
    }
    if (edit && edit.used) {
      parts.push(make("p", { class: "of" }, "Told otherwise than the item says"));
      parts.push(make("p", { class: "said", dir: "auto" }, edit.used));
    }
    return parts;
  };

  function given(base, picture, label, id) {
    return make(
      "figure",
      { class: "given" },
      make("span", { class: "frame" }, snakedit.picture(snakedit.addresses(base, picture), `${label} of ${id}`)),
      make("figcaption", {}, make("span", { class: "name" }, label)),
    );
  }

  function edited(view, place, record, number) {
    const { index, judge, table } = view;
    const editor = index.editors[number];
    const edit = record.edits[number];
    const score = edit && edit.scores[judge];
    const [kind, text] = snakedit.verdict(index.statuses[table.statuses[number][place]], score);
    const base = view.bases(place).edits[number];
    const shown =
      edit && edit.picture
        ? snakedit.picture(snakedit.addresses(base, edit.picture), `Edit of ${record.id} by ${editor.name}`)
        : make("span", { class: "missing" }, text);
    const words = snakedit.said(score, edit);
    return make(
      "figure",
      { class: "edit", "data-editor": editor.name },
      make("a", { class: "frame", href: view.link(place, record.id, editor.name) }, shown),
      make(
        "figcaption",
        {},
        make("span", { class: "name" }, make("bdi", {}, editor.name)),
        make("span", { class: kind }, text),
        meter(index, judge, score),
        words.length
          ? make("details", {}, make("summary", {}, kind === "value" ? "Details" : "Why"), ...words)
          : null,
      ),
    );
  }

  // `view` has the index, the judge's table, the chosen editors, and makes links.
  snakedit.article = (view, place, record) => {
    const { index } = view;
    const category = index.categories[snakedit.categoryAt(index, place)];
    const base = view.bases(place).items;
    const name = `item-${place}`;
    const many = record.sources.length > 1;
    return make(
      "article",
      { id: name, tabindex: "-1", "aria-labelledby": `${name}-name`, "data-place": place, "data-id": record.id },
      make(
        "header",
        {},
        make("h2", { id: `${name}-name` }, make("a", { href: view.link(place, record.id, "") }, make("bdi", {}, record.id))),
        make("bdi", { class: "of-category" }, category.name),
        record.difficulty ? make("bdi", { class: "tag" }, record.difficulty) : null,
        ...record.tags.map((tag) => make("bdi", { class: "tag" }, tag)),
      ),
      make("p", { class: "instruction", dir: "auto", lang: snakedit.language(record.language) }, record.instruction),
      record.description || record.rationale
        ? make(
            "details",
            { class: "more" },
            make("summary", {}, "More about this item"),
            record.description ? make("p", { dir: "auto", lang: snakedit.language(record.language) }, record.description) : null,
            record.rationale ? make("p", { dir: "auto", lang: snakedit.language(record.language) }, record.rationale) : null,
          )
        : null,
      make(
        "div",
        { class: "row", role: "group", "aria-label": `Pictures of ${record.id}` },
        ...record.sources.map((picture, i) => given(base, picture, many ? `Source ${i + 1}` : "Source", record.id)),
        record.reference ? given(base, record.reference, "Reference", record.id) : null,
        ...view.editors.map((number) => edited(view, place, record, number)),
      ),
    );
  };
})();
