// Building elements. Text is only ever set as text, so that untrusted words cannot become markup.
window.snakedit = window.snakedit || {};
(() => {
  "use strict";

  // make("a", {href: "#x", class: "open"}, "text", anotherElement)
  snakedit.make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : value);
      }
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  // A language as the benchmark names it, if a browser may know it.
  snakedit.language = (name) => (/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(name) ? name : null);

  snakedit.number = (value) => value.toFixed(2);

  snakedit.byId = (id) => document.getElementById(id);
})();
