// The form of filters and orders: shows the current state, and reports changes to it.
(() => {
  "use strict";
  const { make, byId } = snakedit;
  const TYPED = ["text", "low", "high"];
  const CHOSEN = ["category", "judge", "status", "sort"];
  const PAUSE_MS = 150;

  const option = (value, text) => make("option", { value }, text);
  const boxes = () => [...byId("editors").querySelectorAll("input")];

  function offer(index) {
    byId("category").append(
      option("", "All"),
      ...index.categories.map((category) => option(category.folder, `${category.name} (${category.count.toLocaleString("en")})`)),
    );
    byId("judge").append(...index.judges.map((judge) => option(judge.name, judge.name)));
    byId("status").append(option("", "Any"), ...Object.values(index.statuses).map((status) => option(status, status)));
    byId("editors").append(
      ...index.editors.map((one) =>
        make("label", {}, make("input", { type: "checkbox", name: "editors", value: one.name }), make("bdi", {}, one.name), one.control ? make("small", {}, "control") : null),
      ),
    );
  }

  // What the whole form says, so that nothing that was typed a moment ago is lost.
  function said(index) {
    const values = Object.fromEntries([...TYPED, ...CHOSEN].map((key) => [key, byId(key).value]));
    const editors = boxes().filter((box) => box.checked).map((box) => box.value);
    if (index.judges.length && values.judge === index.judges[0].name) values.judge = "";
    return { ...values, editors: editors.length === index.editors.length ? [] : editors };
  }

  // Calls `changed(part)` with the form's values after each change, and `cleared()` after a reset.
  snakedit.form = (index, changed, cleared) => {
    let pause;
    const tell = () => {
      clearTimeout(pause);
      changed(said(index));
    };
    offer(index);
    byId("form").addEventListener("submit", (event) => event.preventDefault());
    for (const key of TYPED) {
      byId(key).addEventListener("input", () => {
        clearTimeout(pause);
        pause = setTimeout(tell, PAUSE_MS);
      });
    }
    for (const key of [...CHOSEN, "editors"]) byId(key).addEventListener("change", tell);
    byId("form").addEventListener("reset", (event) => {
      event.preventDefault();
      clearTimeout(pause);
      cleared();
    });
    // Shows a state, except in a field that is being typed into.
    return (state, all) => {
      for (const key of [...TYPED, ...CHOSEN]) {
        if (all || document.activeElement !== byId(key)) byId(key).value = state[key];
      }
      byId("judge").value = state.judge || (index.judges[0] ? index.judges[0].name : "");
      for (const box of boxes()) box.checked = !state.editors.length || state.editors.includes(box.value);
    };
  };
})();
