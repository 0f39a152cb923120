// One item in full: source, edit and reference side by side or under a slider, with the judge's replies.
(() => {
  "use strict";
  const { make, byId } = snakedit;

  function tellSmall() {
    if (byId("small")) return;
    byId("judgement").append(make("p", { class: "hint", id: "small" }, "The full-size pictures are not in this folder: these are thumbnails."));
  }

  // Shows the thumbnail until the full picture has loaded; if it fails to load, says so.
  function layer(addresses, alt) {
    const image = make("img", { class: "layer", src: addresses.small, alt, draggable: "false" });
    if (addresses.whole === addresses.small) {
      image.onerror = () => image.replaceWith(make("span", { class: "missing" }, "not in this folder"));
      return image;
    }
    const whole = new Image();
    whole.onload = () => {
      image.src = addresses.whole;
      image.dataset.whole = "";
    };
    whole.onerror = () => {
      image.dataset.small = "";
      tellSmall();
    };
    whole.src = addresses.whole;
    return image;
  }

  function pane(label, addresses, alt) {
    return make(
      "figure",
      { class: "pane-of" },
      make("div", { class: "pane" }, addresses ? layer(addresses, alt) : make("span", { class: "missing" }, alt)),
      make("figcaption", {}, label),
    );
  }

  function slider(under, over, labels) {
    const input = make("input", { type: "range", min: "0", max: "100", value: "50", step: "0.5", "aria-label": `How much of the ${labels[0]} is seen` });
    const top = make("div", { class: "over" }, over);
    const box = make("div", { class: "pane" }, under, top, make("span", { class: "divider", "aria-hidden": "true" }), input);
    const move = () => box.style.setProperty("--at", `${input.value}%`);
    input.addEventListener("input", move);
    move();
    return make(
      "figure",
      { class: "pane-of slider" },
      box,
      make("figcaption", {}, make("span", {}, labels[0]), make("span", {}, labels[1])),
    );
  }

  function facts(index, record, edit, editor, addresses) {
    const rows = [];
    if (edit && edit.size) rows.push(["Size", `${edit.size[0]} × ${edit.size[1]}`]);
    if (edit && edit.change !== null && edit.change !== undefined) rows.push(["Change", `${(100 * edit.change).toFixed(1)} %`]);
    if (edit && edit.seconds !== null && edit.seconds !== undefined) rows.push(["Seconds", edit.seconds.toFixed(2)]);
    if (edit && edit.seed !== null && edit.seed !== undefined) rows.push(["Seed", String(edit.seed)]);
    const list = make("dl", { class: "values" }, ...rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
    const links = addresses.map(([label, address]) => make("a", { href: address.whole }, label));
    return [list, make("p", { class: "links" }, "Full size: ", ...links.flatMap((link, i) => (i ? [" ", link] : [link])))];
  }

  // Fills the dialog. `view` as in item.js; `state` holds the editor, the mode and the slider's other picture.
  snakedit.show = (view, place, record, state) => {
    const { index, judge, table } = view;
    const bases = view.bases(place);
    const number = Math.max(0, index.editors.findIndex((editor) => editor.name === state.editor));
    const editor = index.editors[number];
    const edit = record.edits[number];
    const status = index.statuses[table.statuses[number][place]];
    const score = edit && edit.scores[judge];
    const sources = record.sources.map((picture) => snakedit.addresses(bases.items, picture));
    const reference = record.reference && snakedit.addresses(bases.items, record.reference);
    const edited = edit && edit.picture && snakedit.addresses(bases.edits[number], edit.picture);

    byId("viewer-name").replaceChildren(make("bdi", {}, record.id));
    byId("viewer-instruction").textContent = record.instruction;
    byId("viewer-instruction").lang = snakedit.language(record.language) || "";
    byId("viewer-link").href = view.link(place, record.id, editor.name);
    byId("viewer-editors").replaceChildren(
      byId("viewer-editors").firstElementChild,
      ...view.editors.map((one) => {
        const [kind, text] = snakedit.verdict(
          index.statuses[table.statuses[one][place]],
          record.edits[one] && record.edits[one].scores[judge],
        );
        return make(
          "label",
          {},
          make("input", { type: "radio", name: "editor", value: index.editors[one].name, checked: one === number }),
          make("bdi", {}, index.editors[one].name),
          make("span", { class: kind }, text),
        );
      }),
    );
    for (const input of document.querySelectorAll("#viewer-mode input")) input.checked = input.value === state.mode;
    const withReference = state.against === "reference" && reference;
    byId("viewer-against").hidden = state.mode !== "slider" || !reference;
    byId("against").value = withReference ? "reference" : "source";

    const alt = `Edit of ${record.id} by ${editor.name}`;
    const stage = byId("stage");
    if (state.mode === "slider" && edited) {
      const other = withReference ? reference : sources[0];
      const label = withReference ? "Reference" : "Source";
      stage.replaceChildren(slider(layer(edited, alt), layer(other, `${label} of ${record.id}`), [label, editor.name]));
    } else {
      stage.replaceChildren(
        ...sources.map((source, i) => {
          const label = sources.length > 1 ? `Source ${i + 1}` : "Source";
          return pane(label, source, `${label} of ${record.id}`);
        }),
        pane(editor.name, edited, edited ? alt : status),
        ...(reference ? [pane("Reference", reference, `Reference of ${record.id}`)] : []),
      );
    }
    const [kind, text] = snakedit.verdict(status, score);
    byId("judgement").replaceChildren(
      make("h3", {}, make("bdi", {}, editor.name), make("span", { class: kind }, text)),
      make("p", { class: "of" }, "by ", make("bdi", {}, index.judges[judge] ? index.judges[judge].name : "no judge")),
      ...snakedit.said(score, edit),
      ...facts(index, record, edit, editor, [
        ...sources.map((source, i) => [sources.length > 1 ? `source ${i + 1}` : "source", source]),
        ...(edited ? [["edit", edited]] : []),
        ...(reference ? [["reference", reference]] : []),
      ]),
    );
  };
})();
