// The keyboard: which key does what, in the list and in the viewer.
(() => {
  "use strict";

  function typing(element) {
    return element instanceof HTMLElement && element.matches("input, select, textarea");
  }

  // Keys that mean something to the control that has the focus are left to it.
  function taken(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
    if (!typing(event.target)) return false;
    const choice = event.target.matches("input[type=radio], input[type=checkbox]");
    return !choice || event.key.startsWith("Arrow") || event.key === " ";
  }

  // `actions` maps a key to a function; a function that returns false did nothing.
  snakedit.keys = (actions) => {
    document.addEventListener("keydown", (event) => {
      if (taken(event) || !actions[event.key]) return;
      if (actions[event.key]() !== false) event.preventDefault();
    });
  };
})();
