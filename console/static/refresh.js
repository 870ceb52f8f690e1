// The list keeps itself up to date, quietly: nothing moves, and nothing that one is at is touched.
(() => {
  "use strict";
  const box = document.querySelector("[data-pulse]");
  const form = document.getElementById("rows");
  const words = box.dataset;
  const LONGEST = 300000;
  const TYPING = 5000;
  const every = () => Number(words.every);
  const rows = () => (form ? [...form.querySelectorAll("tbody tr[data-id]")] : []);
  const said = (row, gone) => `${gone}${row.innerHTML}`;

  const shown = new Map(rows().map((row) => [row.dataset.id, said(row, false)]));
  const waiting = new Map(); // rows as they are now, until they can be put in place
  let tag = `W/"${words.tag}"`;
  let pause = every();
  let timer = null;
  let asking = false;
  let typedAt = -TYPING;
  let news = null; // what the bar is to say, until it can be shown
  let pointer = [-1, -1];

  // --- in place: a row is as high as it was, and a column as wide

  function hold() {
    const table = form.querySelector("table");
    const heads = [...table.tHead.rows[0].cells];
    if (table.style.tableLayout || !heads[0].offsetWidth) return;
    const widths = heads.map((head) => head.getBoundingClientRect().width);
    heads.forEach((head, n) => (head.style.width = `${widths[n]}px`));
    table.style.tableLayout = "fixed";
  }

  window.addEventListener("resize", () => {
    if (!form) return;
    form.querySelector("table").style.tableLayout = "";
    for (const each of form.querySelectorAll("thead th, tbody tr")) each.removeAttribute("style");
  });

  function isBusy(row) {
    return row.matches(":hover") || row.contains(document.activeElement) || row.querySelector(":checked");
  }

  // What one sees and the version that a form says one has seen change together, or not at all.
  function replace(row, fresh, gone) {
    if (isBusy(row)) return false;
    hold();
    const height = row.getBoundingClientRect().height;
    const before = [...row.childNodes];
    const names = row.className;
    const isTooBig = (cells) => row.getBoundingClientRect().height > height + 0.5 || cells.some((cell) => cell.scrollWidth > cell.clientWidth);
    row.style.height = "";
    row.replaceChildren(...document.importNode(fresh, true).childNodes);
    row.classList.remove("one-line");
    row.classList.toggle("faded", gone);
    const verbs = row.querySelector(".verbs");
    if (gone) verbs.textContent = words.gone;
    if (isTooBig([...row.cells])) row.classList.add("one-line");
    const fits = !isTooBig(gone ? [] : [verbs]);
    if (fits) row.dataset.version = fresh.dataset.version;
    else {
      row.replaceChildren(...before); // for its buttons there is no room: it waits for the next page
      row.className = names;
    }
    row.style.height = `${height}px`;
    if (!fits) return false;
    row.animate([{ backgroundColor: "var(--tint)" }, {}], 2000);
    return true;
  }

  function settle() {
    if (form && form.dataset.sent) return;
    for (const row of rows()) {
      const next = waiting.get(row.dataset.id);
      if (!next || !replace(row, next.row, next.gone)) continue;
      shown.set(row.dataset.id, next.said);
      waiting.delete(row.dataset.id);
    }
    if (news !== null) tell();
  }

  // The bar comes where nothing else is; never under the pointer, which may be about to click.
  function tell() {
    const before = [...box.childNodes];
    const told = document.createElement("p");
    for (const [text, address] of news) {
      const part = document.createElement(address ? "a" : "span");
      part.textContent = text;
      if (address) part.href = address;
      told.append(part, " ");
    }
    box.replaceChildren(...(news.length ? [told] : []));
    const { left, right, top, bottom } = told.getBoundingClientRect();
    const [x, y] = pointer;
    if (!before.length && left <= x && x <= right && top <= y && y <= bottom) box.replaceChildren();
    else news = null;
  }

  function take(answer) {
    for (const [name, text] of Object.entries(answer.counts)) {
      const count = document.querySelector(`[data-count="${CSS.escape(name)}"]`);
      if (count && count.textContent !== text) count.textContent = text;
    }
    const fresh = new DOMParser().parseFromString(`<table>${answer.rows}</table>`, "text/html");
    for (const row of fresh.querySelectorAll("tr[data-id]")) {
      const { id } = row.dataset;
      const gone = answer.gone.includes(Number(id));
      if (shown.get(id) === said(row, gone)) waiting.delete(id);
      else waiting.set(id, { row, gone, said: said(row, gone) });
    }
    if (answer.news !== box.textContent.trim()) news = answer.news ? [[answer.news, words.list]] : [];
  }

  // --- the question

  function address() {
    const asked = new URLSearchParams({ ids: [...shown.keys()].join(",") });
    if (words.newest) asked.set("newest", words.newest);
    return `${words.pulse}&${asked}`;
  }

  function later(time) {
    clearTimeout(timer);
    timer = setTimeout(ask, time);
  }

  async function ask() {
    clearTimeout(timer);
    if (asking || document.visibilityState !== "visible") return; // being seen again asks anew
    if (performance.now() - typedAt < TYPING) {
      later(TYPING);
      return;
    }
    asking = true;
    try {
      const answer = await fetch(address(), { headers: { "If-None-Match": tag }, cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) {
        // To the log-in. Nothing more is asked until one comes back to the page.
        tag = "";
        news = [[words.out], [words.enter, words.login]];
        settle();
        asking = false;
        return;
      }
      if (answer.status === 200) {
        take(await answer.json());
        tag = answer.headers.get("ETag");
      } else if (answer.status !== 304) throw new Error(String(answer.status));
      settle();
      pause = every();
    } catch {
      pause = Math.min(pause * 2, LONGEST); // away for a moment, or longer
    }
    asking = false;
    later(pause);
  }

  later(pause);
  document.addEventListener("visibilitychange", ask);
  window.addEventListener("pageshow", (event) => event.persisted && ask());
  window.addEventListener("online", ask);
  document.addEventListener("input", () => {
    typedAt = performance.now();
  });
  document.addEventListener("pointermove", (event) => {
    pointer = [event.clientX, event.clientY];
  }, { passive: true });
})();
