// The gallery: reads the index, keeps the state and the page's address in step, draws the list and the viewer.
(async () => {
  "use strict";
  const { make, byId } = snakedit;
  const ITEMS_A_PAGE = 24;

  let index;
  let state = snakedit.initial();
  let view = null;
  let places = [];
  let open = null;
  let current = null;
  let latest = 0;
  let drawn = 0;
  let searched = { text: "", matches: null };

  function failed(error) {
    byId("count").textContent = "";
    byId("list").replaceChildren(make("p", { class: "missing" }, error.message));
  }

  try {
    index = await snakedit.load("index");
  } catch (error) {
    failed(error);
    return;
  }
  const changes = snakedit.unpack(index.changes);

  function addressWith(part) {
    return snakedit.toAddress({ ...state, ...part });
  }

  async function makeView() {
    const judge = Math.max(0, index.judges.findIndex((one) => one.name === state.judge));
    const content = await snakedit.load(`scores-${judge}`);
    content.unpacked = content.unpacked || snakedit.unpack(content.scores);
    const editors = index.editors
      .map((editor, number) => number)
      .filter((number) => !state.editors.length || state.editors.includes(index.editors[number].name));
    return {
      index,
      judge,
      editors: editors.length ? editors : index.editors.map((editor, number) => number),
      table: { statuses: content.statuses, scores: content.unpacked, changes },
      bases: (place) => index.bases[snakedit.categoryAt(index, place)],
      link: (place, id, editor) => addressWith({ item: snakedit.itemName(index, place, id), editor }),
    };
  }

  function pages() {
    return Math.max(1, Math.ceil(places.length / ITEMS_A_PAGE));
  }

  function drawPager() {
    const from = (state.page - 1) * ITEMS_A_PAGE;
    const to = Math.min(places.length, from + ITEMS_A_PAGE);
    const format = (value) => value.toLocaleString("en");
    byId("count").textContent = places.length
      ? `${format(from + 1)}–${format(to)} of ${format(places.length)} item${places.length === 1 ? "" : "s"}` +
        (places.length < index.count ? `, ${format(index.count)} in all` : "")
      : "No item fits. Clear the filters to see all.";
    byId("page").value = state.page;
    byId("page").max = pages();
    byId("pages").textContent = format(pages());
    byId("previous").disabled = state.page <= 1;
    byId("next").disabled = state.page >= pages();
  }

  async function drawList() {
    const number = ++drawn;
    state.page = Math.min(state.page, pages());
    drawPager();
    const from = (state.page - 1) * ITEMS_A_PAGE;
    const shown = places.slice(from, from + ITEMS_A_PAGE);
    const records = await Promise.all(shown.map((place) => snakedit.record(index, place)));
    // Another page was requested meanwhile.
    if (number !== drawn) return;
    byId("list").replaceChildren(...shown.map((place, i) => snakedit.article(view, place, records[i])));
    byId("list").dataset.page = state.page;
  }

  async function refresh() {
    const number = ++latest;
    if (searched.text !== state.text) {
      const text = state.text;
      if (text) byId("count").textContent = "Searching…";
      const matches = await snakedit.search(index, text);
      if (number !== latest) return;
      searched = { text, matches };
    }
    const next = await makeView();
    // Another view was requested meanwhile.
    if (number !== latest) return;
    view = next;
    places = snakedit.select(index, view.table, state, searched.matches);
    await drawList();
  }

  function remember() {
    history.replaceState(null, "", snakedit.toAddress(state));
  }

  // Changes the state; any change but that of the page number goes back to the first page.
  async function change(part, all = false) {
    state = { ...state, page: 1, ...part };
    remember();
    fillForm(state, all);
    try {
      await refresh();
    } catch (error) {
      failed(error);
    }
  }

  // The viewer.

  const zoom = snakedit.zooming(byId("stage"), (level) => {
    byId("zoom-level").textContent = `${Math.round(100 * level)} %`;
  });

  async function show(place) {
    open = place;
    current = place;
    const record = await snakedit.record(index, place);
    if (open !== place) return;
    const shownEditor = view.editors.some((number) => index.editors[number].name === state.editor);
    state.editor = shownEditor ? state.editor : index.editors[view.editors[0]].name;
    state.item = snakedit.itemName(index, place, record.id);
    remember();
    snakedit.show(view, place, record, state);
    zoom.again();
    const nth = places.indexOf(place);
    byId("viewer-place").textContent = nth < 0 ? "" : `${(nth + 1).toLocaleString("en")} of ${places.length.toLocaleString("en")}`;
    byId("item-back").disabled = nth <= 0;
    byId("item-on").disabled = nth < 0 || nth >= places.length - 1;
    if (!byId("viewer").open) byId("viewer").showModal();
  }

  async function step(by) {
    const nth = places.indexOf(current) + by;
    if (nth < 0 || nth >= places.length) return;
    const page = Math.floor(nth / ITEMS_A_PAGE) + 1;
    if (page !== state.page) await change({ page });
    if (open !== null) {
      zoom.fit();
      await show(places[nth]);
    } else {
      focus(places[nth]);
    }
  }

  function focus(place) {
    current = place;
    const article = byId(`item-${place}`);
    if (!article) return;
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "start" });
  }

  async function stepEditor(by) {
    if (open !== null) {
      const names = view.editors.map((number) => index.editors[number].name);
      state.editor = names[(names.indexOf(state.editor) + by + names.length) % names.length];
      await show(open);
      return;
    }
    const article = current === null ? null : byId(`item-${current}`);
    if (!article) return;
    const links = [...article.querySelectorAll(".edit a.frame")];
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : (at + by + links.length) % links.length;
    links[next].focus();
  }

  byId("viewer").addEventListener("close", () => {
    const place = open;
    open = null;
    zoom.fit();
    state = { ...state, item: "", editor: "" };
    remember();
    focus(place);
  });
  byId("viewer-close").addEventListener("click", () => byId("viewer").close());
  byId("item-back").addEventListener("click", () => step(-1));
  byId("item-on").addEventListener("click", () => step(1));
  byId("zoom-in").addEventListener("click", zoom.more);
  byId("zoom-out").addEventListener("click", zoom.less);
  byId("zoom-fit").addEventListener("click", zoom.fit);
  byId("viewer-editors").addEventListener("change", (event) => {
    state.editor = event.target.value;
    show(open).then(() => byId("viewer-editors").querySelector("input:checked").focus());
  });
  byId("viewer-mode").addEventListener("change", (event) => {
    state.mode = event.target.value;
    show(open);
  });
  byId("against").addEventListener("change", (event) => {
    state.against = event.target.value;
    show(open);
  });

  // The form and the pages.

  const fillForm = snakedit.form(index, change, () => change(snakedit.initial(), true));
  byId("save").addEventListener("click", async () => {
    snakedit.save(await snakedit.csv(view, places), `${index.benchmark}-selection.csv`);
  });
  const turn = async (page) => {
    await change({ page: Math.min(pages(), Math.max(1, page)) });
    scrollTo({ top: 0 });
  };
  byId("previous").addEventListener("click", () => turn(state.page - 1));
  byId("next").addEventListener("click", () => turn(state.page + 1));
  byId("page").addEventListener("change", () => turn(Math.floor(Number(byId("page").value)) || 1));
  // A link to an item opens it as the viewer was left; in a new tab, as the link says.
  byId("list").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const article = event.target.closest("article");
    if (!link || !article || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const edit = link.closest(".edit");
    state.editor = edit ? edit.dataset.editor : "";
    history.pushState(null, "", link.href);
    show(Number(article.dataset.place));
  });
  byId("list").addEventListener("focusin", (event) => {
    const article = event.target.closest("article");
    if (article) current = Number(article.dataset.place);
  });

  snakedit.keys({
    j: () => step(1),
    k: () => step(-1),
    ArrowLeft: () => stepEditor(-1),
    ArrowRight: () => stepEditor(1),
    Enter: () => {
      if (open !== null || current === null || document.activeElement.tagName !== "ARTICLE") return false;
      return show(current);
    },
    s: () => {
      if (open === null) return false;
      state.mode = state.mode === "side" ? "slider" : "side";
      return show(open);
    },
    "+": () => open !== null && zoom.more(),
    "-": () => open !== null && zoom.less(),
    0: () => open !== null && zoom.fit(),
    "/": () => {
      if (open !== null) return false;
      byId("panel").open = true;
      return byId("text").focus();
    },
    "?": () => byId("help").showModal(),
  });

  async function follow() {
    let lost;
    [state, lost] = snakedit.known(index, snakedit.fromAddress(location.hash));
    fillForm(state, true);
    try {
      await refresh();
      if (lost.length) byId("count").textContent += `. The link asks for what this report does not have: ${lost.join(", ")}.`;
      if (!state.item) {
        if (byId("viewer").open) byId("viewer").close();
        return;
      }
      const place = await snakedit.find(index, ...snakedit.splitItemName(state.item));
      if (place === null) byId("count").textContent += `. The linked item '${state.item}' is not in this report.`;
      else await show(place);
    } catch (error) {
      failed(error);
    }
  }

  window.addEventListener("hashchange", follow);
  if (matchMedia("(max-width: 60rem)").matches) byId("panel").open = false;
  await follow();
  document.body.dataset.ready = "";
})();
