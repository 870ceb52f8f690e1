// Everything works without this file; it only makes some of it quicker or safer.
(() => {
  "use strict";

  // A second click while the first is on its way sends nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    const question = event.submitter && event.submitter.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.matches("[data-once]")) form.dataset.sent = "1";
  });
  // Coming back by the back button shows the form as it was: it may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // One tick for all rows of the page.
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.addEventListener("change", () => {
      for (const tick of document.querySelectorAll('input[name="rowid"]')) tick.checked = all.checked;
    });
  }

  // A menu closes when one clicks or moves elsewhere.
  for (const menu of document.querySelectorAll("details.menu, details.setup")) {
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
  }

  // The error that needs mending first is where the typing begins.
  const wrong = document.querySelector(".wrong input, .wrong textarea, .wrong select");
  if (wrong) wrong.focus();
})();
