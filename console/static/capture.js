// A call is written down from anywhere: Ctrl+K lays the form over the page. Without this file the
// button leads to the form's own page, and who is meant is asked there.
(() => {
  "use strict";
  const opener = document.querySelector("[data-capture]");
  if (!opener) return;
  const { nonce } = document.currentScript;
  const PAUSE = 100;
  const THINKING = 400;
  const hasKeys = !window.matchMedia("(pointer: coarse)").matches;

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  async function ask(address, text) {
    const answer = await fetch(`${address}?q=${encodeURIComponent(text)}`);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return answer.json();
  }

  // --- who is asking: a list under the field, from which one chooses, or somebody new

  function who(form, chosenOne) {
    const input = form.elements.requester;
    const words = form.dataset;
    const line = form.querySelector(".capture-who");
    const list = element("ul", "", { role: "listbox", id: "capture-people", class: "capture-people", "aria-label": input.labels[0].textContent });
    let found = null; // what the server knows of the text; null while it has not said
    let options = [];
    let active = -1;
    let asked = 0;
    let timer = null;
    let looking = Promise.resolve();
    let settled = false;
    let entered = false;

    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.after(list);

    const text = () => input.value.trim();
    const isOpen = () => input.getAttribute("aria-expanded") === "true";
    const account = () => form.querySelector('input[type="hidden"][name="account"]');

    function say(sentence) {
      if (line.textContent !== sentence) line.textContent = sentence;
    }

    function mark(index) {
      active = index;
      [...list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === index)));
      if (index < 0) input.removeAttribute("aria-activedescendant");
      else {
        input.setAttribute("aria-activedescendant", list.children[index].id);
        list.children[index].scrollIntoView({ block: "nearest" });
      }
    }

    function show(open) {
      const opens = open && options.length > 0;
      list.hidden = !opens;
      input.setAttribute("aria-expanded", String(opens));
      // Where there is doubt, Enter alone chooses nobody.
      mark(opens ? Math.max(active, found && found.unclear ? -1 : 0) : -1);
    }

    function choose(option) {
      settled = true;
      asked += 1; // what is on its way is about another text
      clearTimeout(timer);
      timer = null;
      account().value = option.value;
      if (option.name) input.value = option.name;
      say(option.says);
      show(false);
      chosenOne(option.value);
      form.dispatchEvent(new Event("input", { bubbles: true })); // the draft has it too
    }

    function row(option, at) {
      const made = element("li", "", { role: "option", id: `capture-person-${at}` });
      made.append(element("bdi", option.title));
      if (option.more) made.append(" ", element("span", option.more, { class: "muted" }));
      made.addEventListener("pointerdown", (event) => event.preventDefault());
      made.addEventListener("click", () => {
        choose(option);
        form.elements.description.focus();
      });
      return made;
    }

    function fill() {
      options = found.people.map((person) => ({
        value: String(person.id),
        name: person.name,
        title: person.name,
        more: [person.address, person.phone, person.organisation].filter(Boolean).join(" · "),
        says: person.says,
      }));
      if (found.new) options.push({ value: "new", title: found.new, says: found.new });
      list.replaceChildren(...options.map(row));
      active = -1;
    }

    async function look() {
      const mine = ++asked;
      const looked = text();
      let answer = null;
      if (looked) {
        try {
          answer = await ask(words.people, looked);
        } catch {
          if (mine === asked) say(words.away);
          return;
        }
      }
      if (mine !== asked) return;
      found = answer || { people: [], account: null, new: null, refusal: null, unclear: false };
      fill();
      say(found.people.length ? "" : found.refusal || (looked && !options.length ? words.nobody : ""));
    }

    function lookNow() {
      clearTimeout(timer);
      timer = null;
      looking = look();
      return looking;
    }

    // What is typed means one person only, or nobody that is there: then it need not be chosen.
    async function settle() {
      if (timer) lookNow();
      const meant = text();
      await looking;
      if (text() !== meant) return false; // and is asked about again
      if (settled || !meant || !found) return true;
      const [first, ...others] = found.people;
      if (found.account) choose({ value: String(found.account.id), says: found.account.says });
      else if (found.new && !found.people.length && !found.refusal) choose({ value: "new", says: found.new });
      else if (entered && first && !others.length && !found.unclear) choose(options[0]);
      return settled;
    }

    input.addEventListener("input", () => {
      asked += 1; // no answer about the old text counts from here on
      settled = false;
      entered = false;
      found = null;
      const choices = form.querySelector("[data-choices]");
      if (choices) choices.replaceWith(element("input", "", { type: "hidden", name: "account" }));
      account().value = "";
      say("");
      chosenOne("");
      clearTimeout(timer);
      timer = setTimeout(() => lookNow().then(() => show(!settled && document.activeElement === input)), PAUSE);
    });

    input.addEventListener("keydown", async (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!isOpen()) {
          if (!found) await lookNow();
          show(true);
        } else if (event.key === "ArrowDown") mark((active + 1) % options.length);
        else mark((active <= 0 ? options.length : active) - 1);
      } else if (event.key === "Escape" && isOpen()) {
        event.preventDefault();
        show(false);
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (!settled && found && isOpen() && active >= 0) choose(options[active]);
        else if (!text()) return;
        entered = true; // not yet seen: then the only one there is is taken
        form.elements.description.focus(); // at once, or what is typed next goes astray
      }
    });

    input.addEventListener("blur", async () => {
      const choices = form.querySelector("[data-choices]");
      if (!choices && !(await settle()) && found) say(found.people.length ? words.choose : found.refusal || words.nobody);
      show(false);
    });

    form.addEventListener("submit", async (event) => {
      if (settled || !text() || form.querySelector("[data-choices]")) return;
      event.preventDefault();
      const { submitter } = event;
      if (await settle()) {
        settled = true; // also when nobody could be asked: then the page says what is wrong
        form.requestSubmit(submitter);
        return;
      }
      input.focus();
      show(true);
    });

    show(false);
    // A draft knows whom it was about.
    if (text() && account()) {
      const kept = account().value;
      const about = text();
      looking = look().then(() => {
        if (!found || settled || text() !== about) return;
        const known = found.people.find((person) => String(person.id) === kept);
        if (known) choose({ value: kept, says: known.says });
        else if (kept === "new" && found.new) choose({ value: kept, says: found.new });
      });
    }
  }

  // --- what he has asked for already, and what of it is like this

  function similar(form) {
    const place = form.querySelector("[data-similar]");
    const list = place.querySelector("ul");
    const box = form.elements.description;
    let person = "";
    let timer = null;
    let asked = 0;

    function row(ticket) {
      const made = element("li", "", ticket.alike ? { class: "alike" } : {});
      const link = element("a", `#${ticket.id} `, { href: ticket.url });
      link.append(element("bdi", ticket.title));
      if (ticket.alike) made.append(element("span", place.dataset.alike, { class: "capture-alike" }), " ");
      made.append(link, element("span", `${ticket.status} · ${ticket.handler} · ${ticket.age}`, { class: "muted" }));
      return made;
    }

    async function look() {
      const mine = ++asked;
      let tickets = [];
      if (person) {
        try {
          tickets = (await ask(`${form.dataset.people}${person}/tickets`, box.value.slice(0, 300))).tickets;
        } catch {
          return; // a help, not a need
        }
      }
      // It makes the form wider: between press and release of a button its click would be lost.
      while (document.querySelector("button:active")) await new Promise((goOn) => setTimeout(goOn, 50));
      if (mine !== asked) return;
      const rows = tickets.map(row);
      place.hidden = !rows.length;
      const said = (nodes) => [...nodes].map((node) => node.textContent).join("\n");
      if (said(rows) !== said(list.children)) list.replaceChildren(...rows);
    }

    box.addEventListener("input", () => {
      clearTimeout(timer);
      if (person) timer = setTimeout(look, THINKING);
    });
    return (chosen) => {
      person = /^\d+$/.test(chosen) ? chosen : "";
      look();
    };
  }

  function prepare(form) {
    who(form, similar(form));
    if (hasKeys) {
      form.elements.description.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
        if ("mixed" in form.dataset) return; // two calls stand in it: only the button saves
        event.preventDefault();
        if (event.target.value.trim()) form.requestSubmit();
      });
    }
  }

  // --- over every page

  const own = document.querySelector("main form[data-capture-form]");
  if (own) prepare(own);
  let dialog = null;
  let first = null;
  let fetching = false;

  // Files and drafts are conversation.js's, which not every page has.
  function bringWriting(form) {
    if ([...document.scripts].some((script) => script.src.endsWith(opener.dataset.writing))) {
      form.dispatchEvent(new CustomEvent("form:added", { bubbles: true }));
      return;
    }
    const script = element("script", "", { src: opener.dataset.writing });
    script.nonce = nonce;
    document.head.append(script);
  }

  async function fetchForm() {
    const answer = await fetch(opener.href);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return document.importNode(page.querySelector("form[data-capture-form]"), true);
  }

  // Whether it came with a draft.
  function isBegun(form) {
    const fields = ["requester", "account", "title", "description"].map((name) => form.elements[name]);
    return fields.some((field) => field && field.value) || Boolean(form.querySelector('[name="attached"]'));
  }

  // What stands there until the form has come: who types fast must not type into the page below.
  function early() {
    const place = element("form", "", { class: "capture" });
    const asks = element("input", "", { class: "form-control", autocomplete: "off", "aria-label": opener.dataset.name });
    const says = element("textarea", "", { class: "form-control", rows: "5", "aria-label": opener.dataset.name });
    let entered = false;
    let sent = false;
    const failed = element("p", "", { class: "field-error", role: "alert" });
    place.append(asks, says, failed);
    const isEnter = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing;
    asks.addEventListener("keydown", (event) => {
      if (!isEnter(event)) return;
      event.preventDefault();
      entered = true;
      says.focus();
    });
    says.addEventListener("keydown", (event) => {
      if (!isEnter(event) || !hasKeys) return;
      event.preventDefault();
      sent = Boolean(says.value.trim());
    });
    // A draft of another call is neither written over nor sent: what was typed stands below it.
    const addTo = (form) => {
      const { requester, description } = form.elements;
      const typed = [requester.value && asks.value, says.value].filter((text) => text.trim());
      form.dataset.mixed = "";
      form.prepend(element("p", opener.dataset.mixed, { class: "hint", role: "alert" }));
      if (typed.length) description.value = [description.value, ...typed].filter(Boolean).join("\n");
      if (asks.value && !requester.value) {
        requester.value = asks.value;
        requester.dispatchEvent(new Event("input", { bubbles: true }));
      }
      place.remove();
      description.focus();
      description.setSelectionRange(description.value.length, description.value.length);
      description.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const giveTo = (form) => {
      const { requester, description } = form.elements;
      const goesOn = document.activeElement === says;
      if ((asks.value.trim() || says.value.trim()) && isBegun(form)) {
        addTo(form);
        return;
      }
      requester.focus();
      if (asks.value) {
        requester.value = asks.value;
        requester.dispatchEvent(new Event("input", { bubbles: true }));
      } else requester.select(); // a draft is written over by another
      if (says.value) description.value = says.value;
      place.remove();
      if (entered) requester.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
      else if (goesOn) description.focus();
      if (says.value) description.dispatchEvent(new Event("input", { bubbles: true }));
      if (sent) form.requestSubmit();
    };
    // What was typed stays, and can be copied: the form's own page opens beside it.
    const fail = () => {
      sent = false;
      const link = element("a", opener.dataset.name, { href: opener.href, target: "_blank" });
      failed.replaceChildren(opener.dataset.failed, " ", link);
    };
    return { place, asks, giveTo, fail };
  }

  // Fetched once more when it is opened again, if it did not come.
  async function bring() {
    if (fetching) return;
    fetching = true;
    let form = null;
    try {
      form = await fetchForm();
    } catch {
      first.fail();
    }
    fetching = false;
    if (!form) return;
    form.noValidate = false; // an empty field is told of here
    form.addEventListener("click", (event) => {
      if (!event.target.closest("[data-close]")) return;
      event.preventDefault();
      dialog.close();
    });
    dialog.append(form);
    prepare(form);
    bringWriting(form);
    first.giveTo(form);
  }

  function open() {
    const here = own || (dialog && dialog.querySelector("form[data-capture-form]"));
    if (dialog && !dialog.open) dialog.showModal();
    if (here) {
      here.elements.requester.focus();
      here.elements.requester.select();
      return;
    }
    if (!dialog) {
      document.documentElement.classList.add("js");
      first = early();
      dialog = element("dialog", "", { class: "capture-dialog", "aria-labelledby": "capture-heading" });
      dialog.append(element("h2", opener.dataset.name, { id: "capture-heading" }), first.place);
      document.body.append(dialog);
      dialog.showModal();
      first.asks.focus();
    }
    bring();
  }

  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    open();
  });
})();
