// The theme, light, dark or the system's: set before the page is drawn, changed by the button at its top.
(() => {
  "use strict";
  const NAMES = ["auto", "light", "dark"];
  const KEY = "snakedit-theme";
  const root = document.documentElement;

  // A browser may forbid storage to files; the choice then lasts as long as the page.
  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  function store(name) {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      return;
    }
  }

  function show(name) {
    root.dataset.theme = name;
    const label = document.getElementById("theme-name");
    if (label) label.textContent = name;
  }

  show(NAMES.includes(stored()) ? stored() : "auto");
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.hidden = false;
    show(root.dataset.theme);
    button.addEventListener("click", () => {
      const next = NAMES[(NAMES.indexOf(root.dataset.theme) + 1) % NAMES.length];
      store(next);
      show(next);
    });
  });
})();
