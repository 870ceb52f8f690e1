// Writing on a ticket: files that go up while one writes, drafts, presence, secrets on a click.
// Everything works without this file too, by ordinary forms and links.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  const DRAFT_PAUSE = 1500;
  const DRAFT_LONGEST = 4000;
  const SIGN_OF_LIFE = 8000;
  const STILL_WRITING = 10000;
  const token = () => document.querySelector('input[name="csrf_token"]').value;

  function post(address, fields, options = {}) {
    const data = fields instanceof FormData ? fields : new FormData();
    if (!(fields instanceof FormData)) for (const [name, value] of Object.entries(fields)) data.append(name, value);
    data.set("csrf_token", token());
    // A redirect is the way to the log-in: not an answer.
    return fetch(address, { method: "POST", body: data, redirect: "manual", ...options });
  }

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function say(where, text) {
    if (where.textContent !== text) where.textContent = text; // said again it is read aloud again
  }

  // --- files: each goes up by itself as soon as it is chosen, dropped or pasted

  function takeFiles(box) {
    const form = box.closest("form");
    const list = box.querySelector(".chosen");
    const input = box.querySelector('input[type="file"]');
    const state = box.querySelector(".upload-state");
    const words = box.dataset;
    let going = 0;
    let line = Promise.resolve(); // one after the other: they are shown in the order they come in
    let waiting = null;

    function done() {
      going -= 1;
      if (!going && !waiting && state.textContent === words.waiting) say(state, "");
      form.dispatchEvent(new Event("input", { bubbles: true }));
      if (going === 0 && waiting) {
        const submitter = waiting;
        waiting = null;
        form.requestSubmit(submitter === true ? undefined : submitter);
      }
    }

    function up(file) {
      const row = element("li", "", { class: "going" });
      const remove = element("button", words.remove, { type: "button", class: "link", "aria-label": `${words.remove}: ${file.name}` });
      const bar = element("progress", "", { max: "1", value: "0", "aria-label": file.name });
      row.append(element("bdi", file.name), " ", bar, " ", remove);
      list.append(row);
      const fail = (sentence) => {
        if (waiting) say(state, words.stopped);
        waiting = null; // not without this one, unless one sends again
        bar.remove();
        row.className = "failed";
        remove.before(element("span", sentence, { class: "field-error", role: "alert" }), " ");
      };
      const forget = () => {
        row.remove();
        input.focus();
      };
      if (file.size > Number(words.most)) {
        remove.onclick = forget;
        fail(words.tooLarge);
        return;
      }
      const request = new XMLHttpRequest();
      const data = new FormData();
      data.append("file", file, file.name);
      let removed = false;
      going += 1;
      remove.onclick = () => {
        removed = true;
        request.abort();
        forget();
      };
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
      };
      request.onload = () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // not our answer: the log-in page, or a proxy's
        }
        const stored = (answer.files || [])[0];
        if (request.status !== 201 || !stored) {
          fail((answer.problems || [])[0] || words.failed);
          return;
        }
        row.className = "";
        bar.remove();
        row.prepend(element("input", "", { type: "hidden", name: "attached", value: stored.id }));
        remove.onclick = () => {
          post(`${words.upload}/${stored.id}/discard`, {}).catch(() => {}); // it is swept in time
          forget();
          form.dispatchEvent(new Event("input", { bubbles: true }));
        };
      };
      request.onerror = () => fail(words.failed);
      const send = (over) => {
        if (removed) {
          over();
          return;
        }
        request.onloadend = over;
        request.open("POST", words.upload);
        request.setRequestHeader("X-CSRFToken", token());
        request.setRequestHeader("Accept", "application/json");
        request.send(data);
      };
      line = line.then(() => new Promise(send)).then(done);
    }

    input.addEventListener("change", () => {
      for (const file of input.files) up(file);
      input.value = ""; // they are on their way; the form must not send them once more
    });
    form.addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      // From Word and Excel text comes with a picture of itself: then the text is meant.
      if (!files.length || (types.includes("text/plain") && types.includes("text/html"))) return;
      event.preventDefault();
      for (const file of files) {
        const clock = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
        const ending = (file.type.split("/")[1] || "png").replace("jpeg", "jpg");
        up(file.name && file.name !== "image.png" ? file : new File([file], `${words.screenshot}-${clock}.${ending}`, { type: file.type }));
      }
    });
    let over = 0;
    const carriesFiles = (event) => [...event.dataTransfer.types].includes("Files");
    form.addEventListener("dragenter", (event) => {
      if (!carriesFiles(event)) return;
      over += 1;
      form.classList.add("dropping");
    });
    form.addEventListener("dragleave", (event) => {
      if (carriesFiles(event) && (over -= 1) <= 0) form.classList.remove("dropping");
    });
    form.addEventListener("dragover", (event) => {
      if (carriesFiles(event)) event.preventDefault();
    });
    form.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      over = 0;
      form.classList.remove("dropping");
      for (const file of event.dataTransfer.files) up(file);
    });
    // Sent while files are on their way: it goes when they have come; what is taken back cannot wait.
    form.addEventListener("submit", (event) => {
      say(state, "");
      if (!going || event.submitter?.closest("[data-undo]")) return;
      event.preventDefault();
      waiting = event.submitter || true;
      say(state, words.waiting);
    });
  }
  document.querySelectorAll("[data-files]").forEach(takeFiles);
  // A file dropped beside a form would take the page away, and the text with it.
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.defaultPrevented && [...event.dataTransfer.types].includes("Files")) event.preventDefault();
    });
  }

  // --- drafts: what is typed is kept within seconds

  let typedAt = 0;
  function keepDraft(form) {
    const state = form.querySelector("[data-draft-state]");
    let timer = null;
    let since = 0;
    let dirty = "unsaved" in form.dataset; // it comes back from the server, not sent
    let sent = false;
    let saving = 0;

    function content() {
      const data = new FormData(form);
      data.delete("attachments");
      return data;
    }

    async function save(options, again = false) {
      clearTimeout(timer);
      timer = null;
      if (sent || !(dirty || (again && saving))) return;
      if (saving && !(options && options.keepalive)) return; // an older text must not arrive last
      dirty = false;
      since = 0;
      saving += 1;
      try {
        const answer = await post(form.dataset.draft, content(), options);
        if (answer.status === 409) form.elements.key.value = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // sent before: this is another
        if (answer.status !== 204) throw new Error(String(answer.status));
        const clock = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        state.removeAttribute("role");
        say(state, `${state.dataset.saved} ${clock}`);
      } catch {
        dirty = true;
        state.setAttribute("role", "status");
        say(state, state.dataset.unsaved);
        if (!timer) timer = setTimeout(save, 5000);
      }
      saving -= 1;
      if (dirty && !timer) timer = setTimeout(save, DRAFT_PAUSE);
    }

    form.addEventListener("input", (event) => {
      if (event.target.type === "file") return;
      if (form.matches(".compose")) typedAt = Date.now();
      dirty = true;
      since = since || Date.now();
      clearTimeout(timer);
      timer = setTimeout(save, Math.max(0, Math.min(DRAFT_PAUSE, since + DRAFT_LONGEST - Date.now())));
    });
    if (dirty) timer = setTimeout(save, 0);
    // The next page may be this one again, and is made before this one is hidden.
    form.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (!form.contains(to) || to.closest("a[href]")) save({ keepalive: true });
    });
    document.addEventListener("submit", (event) => {
      if (event.target !== form || event.defaultPrevented) return;
      sent = true;
      clearTimeout(timer);
    });
    // Keepalive carries 64 KB at most; the last save is a few seconds old in any case. One that is
    // under way dies with the page.
    window.addEventListener("pagehide", () => save({ keepalive: true }, true));
    window.addEventListener("pageshow", () => {
      sent = false;
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
  }

  document.querySelectorAll("form[data-draft]").forEach(keepDraft);
  // A form that comes onto the page later says so.
  document.addEventListener("form:added", (event) => {
    event.target.querySelectorAll("[data-files]").forEach(takeFiles);
    keepDraft(event.target);
  });

  // --- presence: who else is here, and whether something new has come

  const here = document.querySelector("[data-presence]");
  if (here) {
    const people = element("p", "", { class: "people" });
    const news = element("p", "", { class: "notice warning fresh" });
    const look = element("a", here.dataset.look, { href: here.dataset.page });
    let saidWriting = false;
    // What comes up pushes the form down: between press and release of a button its click is lost.
    const calm = async () => {
      while (document.querySelector("button:active, a:active")) await new Promise((goOn) => setTimeout(goOn, 50));
    };

    async function sign() {
      if (document.visibilityState !== "visible") return;
      const writing = Date.now() - typedAt < STILL_WRITING;
      saidWriting = writing;
      try {
        const answer = await post(here.dataset.presence, { seen: here.dataset.seen, writing: writing ? "1" : "" });
        if (answer.status !== 200) return;
        const found = await answer.json();
        await calm();
        const line = found.people.join(" · ");
        say(people, line);
        if (line && !people.isConnected) here.append(people);
        if (!line) people.remove();
        if (found.news && !news.isConnected) {
          news.replaceChildren(found.news, " ", look);
          here.prepend(news);
        }
      } catch {
        // away for a moment; the next sign says it
      }
    }

    sign();
    setInterval(sign, SIGN_OF_LIFE);
    document.addEventListener("visibilitychange", sign);
    document.addEventListener("input", () => {
      if (!saidWriting && typedAt) sign();
    });
    window.addEventListener("pagehide", () => post(here.dataset.presence, { leave: "1" }, { keepalive: true }).catch(() => {}));
  }

  // --- parts of a page, fetched and put in place

  async function page(address, options) {
    const answer = await fetch(address, options);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status)); // logged out
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  for (const form of document.querySelectorAll("form[data-swap]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = event.submitter;
      if (button.disabled) return;
      const data = new FormData(form);
      button.disabled = true;
      data.append(button.name, button.value);
      try {
        const found = await page(form.action, { method: "POST", body: data });
        const place = `.secret[data-secret="${CSS.escape(button.value)}"]`;
        const shown = document.importNode(found.querySelector(place), true);
        shown.tabIndex = -1;
        button.closest(".secret").replaceWith(shown);
        shown.focus();
      } catch {
        const chosen = element("input", "", { type: "hidden", name: button.name, value: button.value });
        form.append(chosen);
        form.submit(); // the ordinary way says what is wrong
        chosen.remove();
        button.disabled = false;
      }
    });
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-earlier]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.ariaBusy === "true") return;
    link.ariaBusy = "true";
    try {
      const found = await page(link.href);
      const timeline = document.querySelector(".history .timeline");
      const entries = [...found.querySelectorAll(".history .timeline > li")].map((entry) => document.importNode(entry, true));
      const first = timeline.firstElementChild;
      const top = first.getBoundingClientRect().top;
      timeline.prepend(...entries);
      const next = found.querySelector("a[data-earlier]");
      if (next) link.replaceWith(document.importNode(next, true));
      else link.parentElement.remove();
      if (entries.length) {
        entries.at(-1).tabIndex = -1;
        entries.at(-1).focus({ preventScroll: true });
      }
      window.scrollBy(0, first.getBoundingClientRect().top - top); // what was read stays where it was
    } catch {
      window.location = link.href;
    }
  });
})();
