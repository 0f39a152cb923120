// Zooming and moving all pictures of the viewer together: wheel, drag, buttons, keys.
(() => {
  "use strict";
  const MOST = 16;
  const STEP = 1.25;

  // `stage` is the element that holds the pictures' layers; `changed(level)` is called after every change.
  snakedit.zooming = (stage, changed) => {
    let level = 1;
    let x = 0;
    let y = 0;
    let drag = null;

    function apply() {
      const transform = `translate(${x}px, ${y}px) scale(${level})`;
      for (const layer of stage.querySelectorAll(".layer")) layer.style.transform = transform;
      stage.classList.toggle("zoomed", level > 1);
      changed(level);
    }

    // Zooms around a point, given from the middle of a pane.
    function to(wanted, px = 0, py = 0) {
      const next = Math.min(MOST, Math.max(1, wanted));
      x = next === 1 ? 0 : px - (px - x) * (next / level);
      y = next === 1 ? 0 : py - (py - y) * (next / level);
      level = next;
      apply();
    }

    function fromMiddle(event) {
      const pane = event.target.closest(".pane");
      if (!pane) return [0, 0];
      const box = pane.getBoundingClientRect();
      return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    }

    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        to(level * STEP ** (-event.deltaY / 100), ...fromMiddle(event));
      },
      { passive: false },
    );
    stage.addEventListener("pointerdown", (event) => {
      if (level === 1 || event.target.closest("input")) return;
      drag = { x: event.clientX - x, y: event.clientY - y };
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!drag) return;
      x = event.clientX - drag.x;
      y = event.clientY - drag.y;
      apply();
    });
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => (drag = null));
    stage.addEventListener("dblclick", (event) => to(level > 1 ? 1 : 3, ...fromMiddle(event)));

    return { more: () => to(level * STEP), less: () => to(level / STEP), fit: () => to(1), again: apply };
  };
})();
