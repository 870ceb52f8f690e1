// A canned reply goes into the text where the cursor is, found by a few letters, without a page
// load. Without this file the same button leads to a page of them.
(() => {
  "use strict";
  const button = document.querySelector("button[data-canned]");
  if (!button) return;
  const words = button.dataset;
  const box = button.form.querySelector("textarea");
  let panel = null;
  let opening = false;
  let touched = false; // the cursor of a text that nobody has been in says nothing
  box.addEventListener("focus", () => (touched = true));

  function element(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  function insert(text) {
    close();
    if (!touched) box.setSelectionRange(box.value.length, box.value.length);
    const before = box.value.slice(0, box.selectionStart);
    const added = (before && !touched && !before.endsWith("\n") ? "\n\n" : "") + text;
    box.focus();
    // As if it were typed, so that it can be undone; but a text at its limit is not cut in silence.
    const fits = box.value.length + added.length <= box.maxLength;
    if (!fits || !document.execCommand("insertText", false, added)) {
      box.setRangeText(added, box.selectionStart, box.selectionEnd, "end");
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function close() {
    if (!panel) return;
    panel.remove();
    panel = null;
    button.setAttribute("aria-expanded", "false");
  }

  function show(replies) {
    const search = element("input", { type: "search", class: "form-control", "aria-label": words.hint, placeholder: words.hint, autocomplete: "off" });
    const list = element("ul");
    const none = element("p", { class: "muted", role: "status" });
    const keep = element("a", { href: words.keep }, words.change);
    const rows = replies.map((reply) => {
      const row = element("li");
      const choice = element("button", { type: "button" }, reply.title);
      choice.append(element("span", { class: "muted" }, reply.text));
      choice.addEventListener("click", () => insert(reply.text));
      row.append(choice);
      list.append(row);
      return { row, choice, text: `${reply.title} ${reply.text}`.toLocaleLowerCase() };
    });
    const shown = () => rows.filter((each) => !each.row.hidden).map((each) => each.choice);
    const sift = () => {
      const parts = search.value.toLocaleLowerCase().split(/\s+/);
      for (const each of rows) each.row.hidden = !parts.every((part) => each.text.includes(part));
      none.textContent = shown().length ? "" : words.none;
    };
    search.addEventListener("input", (event) => {
      event.stopPropagation(); // it is no part of the draft
      sift();
    });
    panel = element("div", { class: "canned", role: "dialog", "aria-label": words.label });
    panel.addEventListener("keydown", (event) => {
      const stops = [search, ...shown()];
      const at = stops.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
      if (event.key === "Escape") {
        close();
        box.focus();
      } else if (event.key === "Enter" && at === 0) {
        if (stops[1]) stops[1].click();
      } else if (to !== undefined) {
        stops[Math.max(0, Math.min(to, stops.length - 1))].focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    panel.append(search, list, none, keep);
    button.after(panel);
    button.setAttribute("aria-expanded", "true");
    sift();
    search.focus();
  }

  async function open() {
    if (panel || opening) return;
    opening = true;
    try {
      const answer = await fetch(words.canned, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (answer.status !== 200) throw new Error(String(answer.status));
      show(await answer.json());
    } catch {
      button.form.requestSubmit(button); // the ordinary way says what is wrong
    }
    opening = false;
  }

  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", (event) => {
    event.preventDefault();
    if (panel) close();
    else open();
  });
  document.addEventListener("keydown", (event) => {
    const bare = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const inText = event.target === box && event.altKey && event.code === "KeyI";
    const outside = event.key === "i" && !event.altKey && !event.target.closest("input, textarea, select, [contenteditable]");
    // Single keys can be switched off, in the help that `?` shows.
    if (document.querySelector("dialog[open]")) return;
    if (outside && localStorage.getItem("keys.off")) return;
    if (!bare || event.repeat || event.defaultPrevented || !(inText || outside)) return;
    event.preventDefault();
    button.scrollIntoView({ block: "nearest" });
    open();
  });
  document.addEventListener("click", (event) => {
    if (panel && !panel.contains(event.target) && event.target !== button) close();
  });
})();
