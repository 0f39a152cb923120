// The current selection as a CSV file: a row for every item and chosen editor.
(() => {
  "use strict";
  const COLUMNS = ["benchmark", "category", "item", "editor", "judge", "status", "score", "change"];

  // As in the report's own tables: a spreadsheet must not compute untrusted text.
  function cell(text) {
    return /^[=+\-@\t\r](?![0-9.]+$)/.test(text) ? `'${text}` : text;
  }

  function field(value) {
    const text = value === null || Number.isNaN(value) ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  snakedit.csv = async (view, places) => {
    const { index, table, judge } = view;
    const ids = new Map(places.map((place) => [place, ""]));
    await snakedit.texts(index, 0, index.count, (place, line) => {
      if (ids.has(place)) ids.set(place, line[0]);
    });
    const lines = [COLUMNS.join(",")];
    for (const place of places) {
      const category = index.categories[snakedit.categoryAt(index, place)].name;
      for (const editor of view.editors) {
        const row = [
          index.benchmark,
          cell(category),
          cell(ids.get(place)),
          index.editors[editor].name,
          index.judges[judge] ? index.judges[judge].name : "",
          index.statuses[table.statuses[editor][place]],
          table.scores[editor][place],
          table.changes[editor][place],
        ];
        lines.push(row.map(field).join(","));
      }
    }
    return `${lines.join("\n")}\n`;
  };

  snakedit.save = (text, name) => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = snakedit.make("a", { href: address, download: name });
    link.click();
    URL.revokeObjectURL(address);
  };
})();
