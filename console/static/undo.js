// Counts down how long a reply can still be taken back, and then takes the button away.
(() => {
  "use strict";
  const drawn = performance.getEntriesByType("navigation")[0].responseStart;
  for (const line of document.querySelectorAll("[data-undo]")) {
    const left = line.querySelector("[data-left]");
    const end = drawn + 1000 * Number(line.dataset.undo);
    const tick = () => {
      const seconds = Math.ceil((end - performance.now()) / 1000);
      if (seconds > 0) {
        if (left.textContent !== String(seconds)) left.textContent = seconds;
        return;
      }
      clearInterval(timer);
      // Who stands on the button does not fall out of the page.
      if (line.contains(document.activeElement)) line.closest(".message").querySelector(".permalink").focus();
      line.remove();
    };
    const timer = setInterval(tick, 250);
    tick();
  }
})();
