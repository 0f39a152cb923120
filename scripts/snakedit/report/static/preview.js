// A preview that reloads itself, if it is asked to, once a newer one lies in its place.
(() => {
  "use strict";
  const KEY = "snakedit-reload";
  const SECONDS = 2;
  const root = document.documentElement;
  const box = document.getElementById("reload");

  // A browser may forbid storage to files; the choice then ends with the page.
  function stored() {
    try {
      return localStorage.getItem(KEY) === "yes";
    } catch {
      return false;
    }
  }

  function store(chosen) {
    try {
      localStorage.setItem(KEY, chosen ? "yes" : "no");
    } catch {
      return;
    }
  }

  // The script beside the page tells which preview lies there now; nothing is fetched.
  function look() {
    if (!box.checked) return;
    const script = document.createElement("script");
    script.src = `state.js?${Date.now()}`;
    script.onload = () => {
      script.remove();
      if (box.checked && root.dataset.newest !== root.dataset.preview) location.reload();
    };
    script.onerror = () => script.remove();
    document.head.append(script);
  }

  box.checked = stored();
  box.addEventListener("change", () => {
    store(box.checked);
    look();
  });
  setInterval(look, SECONDS * 1000);
})();
