// The console by keyboard. Whatever a key does here is also a link or a button on the page.
(() => {
  "use strict";
  const words = document.currentScript.dataset;
  const LIST = "keys.list"; // the list one looked at last: its address and the tickets in it
  const AT = "keys.at"; // the ticket that one left the list by, or comes back from
  const OFF = "keys.off";
  const CHORD = 1500;
  const ROW = "#rows tbody tr[data-id]";

  const find = (selector) => document.querySelector(selector);
  const rows = () => [...document.querySelectorAll(ROW)];
  const recall = (name) => JSON.parse(sessionStorage.getItem(name));
  const keep = (name, what) => sessionStorage.setItem(name, JSON.stringify(what));
  const go = (address) => window.location.assign(address);
  const isList = window.location.pathname === words.list;
  const here = window.location.pathname.startsWith(words.list) && Number.parseInt(window.location.pathname.slice(words.list.length), 10);

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function cannot() {
    let place = find(".key-word");
    if (!place) {
      place = element("p", "", { class: "key-word", role: "status" });
      document.body.append(place);
    }
    place.textContent = words.cannot;
    clearTimeout(cannot.over);
    cannot.over = setTimeout(() => (place.textContent = ""), 2500);
  }

  // --- the list: a cursor on a row. It is where the focus is, so that a screen reader follows.

  function current() {
    return document.activeElement.closest(ROW) || find(`${ROW}[aria-current]`);
  }

  function point(row) {
    const before = find(`${ROW}[aria-current]`);
    if (before) before.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    row.querySelector(".title a").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function move(by) {
    const all = rows();
    const at = all.indexOf(current());
    const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
    if (all[next]) point(all[next]);
  }

  function leave(row) {
    keep(AT, { id: row.dataset.id, index: rows().indexOf(row) });
  }

  function open(row, anchor = "") {
    leave(row);
    go(row.querySelector(".title a").href + anchor);
  }

  // Shown again, also by the back button: the list remembers itself, and where one was in it.
  function settle() {
    keep(LIST, { address: window.location.pathname + window.location.search, ids: rows().map((row) => row.dataset.id) });
    const at = recall(AT);
    sessionStorage.removeItem(AT);
    const all = rows();
    if (!at || !all.length || document.activeElement !== document.body) return;
    point(all.find((row) => row.dataset.id === at.id) || all[Math.min(Math.max(at.index, 0), all.length - 1)]);
  }
  if (isList) window.addEventListener("pageshow", settle);

  // --- the ticket: its place in the list one came from

  const list = here && recall(LIST);
  const at = list ? list.ids.indexOf(String(here)) : -1;
  const crumb = find(".crumb a");
  if (list && crumb) crumb.href = list.address;
  if (at >= 0 && crumb) {
    const line = element("nav", "", { class: "neighbours", "aria-label": words.neighbours });
    const link = (rel, text, id) => (id ? element("a", text, { rel, href: words.list + id }) : element("span", text, { class: "muted" }));
    line.append(
      link("prev", `‹ ${words.previous}`, list.ids[at - 1]),
      element("span", words.place.replace("{at}", at + 1).replace("{all}", list.ids.length)),
      link("next", `${words.next} ›`, list.ids[at + 1]),
    );
    crumb.parentElement.append(line);
  }

  // --- what is asked for at another place

  for (const place of ["search", "reply-body", "note-body"]) {
    if (window.location.hash === `#${place}` && find(`#${place}`)) find(`#${place}`).focus();
  }

  function write(field) {
    const box = find(`#${field}`);
    const row = isList && current();
    if (box) box.focus();
    else if (row) open(row, `#${field}`);
    else cannot();
  }

  // As if the button were clicked: with its name, its address, and once.
  function send(button, question) {
    if (!button) return cannot();
    if (question && !window.confirm(question)) return undefined;
    const row = button.closest(ROW);
    if (row) leave(row);
    return button.form.requestSubmit(button);
  }

  function take() {
    const row = isList && current();
    if (row) send(row.querySelector('button[formaction$="/take"]'));
    else send(find('main form[action$="/take"] button'));
  }

  function close() {
    const row = isList && current();
    const question = words.close.replace("{number}", row ? row.dataset.id : here);
    if (row) send(row.querySelector('button[name="status"][value="lukket"]'), question);
    else send(find('main form[action$="/status"] button[value="lukket"]:enabled'), question);
  }

  function search() {
    const box = find("#search");
    if (!box) return go(`${words.list}#search`);
    box.focus();
    return box.select();
  }

  function step(by) {
    if (isList) return move(by);
    const link = find(`.neighbours a[rel="${by > 0 ? "next" : "prev"}"]`);
    return link ? go(link.href) : cannot();
  }

  function back() {
    if (!here) return cannot();
    keep(AT, { id: String(here), index: at });
    return go(list ? list.address : words.list);
  }

  function tick() {
    const row = isList && current();
    if (!row) return cannot();
    point(row);
    return row.querySelector('input[name="rowid"]').click();
  }

  // --- the help: the page of it, shown over this one

  function wire(root) {
    const line = root.querySelector("[data-keys-switch]");
    if (!line) return;
    const box = line.querySelector("input");
    box.checked = !localStorage.getItem(OFF);
    box.addEventListener("change", () => {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    });
    line.hidden = false;
  }
  wire(document);

  async function help() {
    let dialog = find("dialog.help");
    if (!dialog) {
      try {
        const answer = await fetch(words.help);
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status)); // logged out
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        dialog = element("dialog", "", { class: "help", "aria-labelledby": "help-heading" });
        const shut = element("form", "", { method: "dialog" });
        shut.append(element("button", words.shut, { class: "btn-quiet" }));
        dialog.append(element("h2", page.querySelector("h1").textContent, { id: "help-heading", tabindex: "-1", autofocus: "" }));
        dialog.append(...page.getElementById("keys").children, shut);
        dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
        wire(dialog);
        document.body.append(dialog);
      } catch {
        return go(words.help);
      }
    }
    return dialog.open || dialog.showModal();
  }

  // --- the keys, by what they write: "/" and "?" lie elsewhere on each keyboard

  const KEYS = {
    "/": search,
    "?": help,
    j: () => step(1),
    k: () => step(-1),
    x: tick,
    t: take,
    c: close,
    r: () => write("reply-body"),
    n: () => write("note-body"),
    u: back,
    Enter: () => open(current()),
  };
  const AFTER_G = {
    m: `${words.list}?tab=mine`,
    u: `${words.list}?tab=unassigned`,
    a: `${words.list}?tab=all`,
    h: words.today,
  };
  const ANYWHERE = ["/", "?"];
  const AGAIN = ["j", "k"]; // these may be held down, on the list
  const FIELD = 'input:not([type="checkbox"]), select, textarea';
  let chord = 0;

  function isTyping(target) {
    return target.isContentEditable || (target.matches && target.matches(FIELD)) || find('dialog[open], [role="dialog"]:not([hidden])');
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    if (localStorage.getItem(OFF) || isTyping(event.target)) return;
    const key = event.shiftKey ? event.key : event.key.replace(/^[A-Z]$/, (letter) => letter.toLowerCase()); // Caps Lock
    if (key === "Shift") return; // on its way to "/" or "?"
    if (event.repeat && !(isList && AGAIN.includes(key))) return;
    if (event.timeStamp - chord < CHORD && chord) {
      chord = 0;
      event.preventDefault();
      if (Object.hasOwn(AFTER_G, key)) go(AFTER_G[key]);
      return;
    }
    chord = key === "g" ? event.timeStamp : 0;
    if (!Object.hasOwn(KEYS, key) || !(ANYWHERE.includes(key) || isList || here)) return;
    // A link or a button does by itself what Enter does to it.
    if (key === "Enter" && !(document.activeElement === document.body && isList && current())) return;
    event.preventDefault();
    KEYS[key]();
  });
  window.addEventListener("pagehide", () => {
    chord = 0;
  });

  // The next person at this screen does not see what this one looked at.
  document.addEventListener("submit", (event) => {
    if (event.target.matches('[action$="/logout"]')) for (const name of [LIST, AT]) sessionStorage.removeItem(name);
  });
})();
