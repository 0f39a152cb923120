// What is shown, as the part of the page's address behind the #: a link to it brings it back.
(() => {
  "use strict";

  snakedit.initial = () => ({
    text: "",
    category: "",
    judge: "",
    editors: [],
    status: "",
    low: "",
    high: "",
    sort: "order",
    page: 1,
    item: "",
    editor: "",
    mode: "side",
    against: "source",
  });

  // The address holds names, not numbers, so that a link stays valid when the report is built again.
  snakedit.toAddress = (state) => {
    const initial = snakedit.initial();
    const parts = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      if (Array.isArray(value)) value.forEach((entry) => parts.append(key, entry));
      else if (value !== initial[key]) parts.set(key, value);
    }
    return `#${parts}`;
  };

  snakedit.fromAddress = (hash) => {
    const state = snakedit.initial();
    const parts = new URLSearchParams(hash.replace(/^#/, ""));
    for (const key of Object.keys(state)) {
      if (!parts.has(key)) continue;
      if (Array.isArray(state[key])) state[key] = parts.getAll(key);
      else if (key === "page") state.page = Math.max(1, Math.floor(Number(parts.get(key))) || 1);
      else state[key] = parts.get(key);
    }
    return state;
  };

  // An item is named by its category's folder and its id.
  snakedit.itemName = (index, place, id) => `${index.categories[snakedit.categoryAt(index, place)].folder}/${id}`;

  snakedit.splitItemName = (name) => {
    const slash = name.indexOf("/");
    return [name.slice(0, slash), name.slice(slash + 1)];
  };
})();
