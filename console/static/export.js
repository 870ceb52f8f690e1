// Exports with a word about how far they are. Without this file the links are plain downloads.
(() => {
  "use strict";

  const PAUSE = 500; // a screen reader needs time to say it
  const MARK = [0x00, 0x00, 0xff, 0xff]; // what ends each stretch of a workbook

  function lines(chunk) {
    let found = 0;
    for (const byte of chunk) if (byte === 0x0a) found += 1;
    return found;
  }

  // The marks in a stream; one of them may lie across two chunks.
  function marks() {
    let matched = 0;
    return (chunk) => {
      let found = 0;
      for (const byte of chunk) {
        if (byte === MARK[matched]) matched += 1;
        else if (byte === 0x00) matched = matched === 2 ? 2 : 1;
        else matched = 0;
        if (matched === MARK.length) {
          found += 1;
          matched = 0;
        }
      }
      return found;
    };
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  for (const box of document.querySelectorAll("[data-exports]")) {
    const words = box.dataset;
    const notice = document.createElement("p");
    notice.setAttribute("role", "status");
    let running = false;

    function say(text, kind = "") {
      notice.className = `notice ${kind}`;
      notice.textContent = text;
      if (!notice.isConnected) document.querySelector("main").prepend(notice);
    }

    const number = (rows) => rows.toLocaleString(document.documentElement.lang);
    const fill = (sentence, rows) => sentence.replace("{count}", number(rows));

    async function fetchFile(link) {
      say(fill(words.going, 0));
      const answer = await fetch(link.href);
      if (answer.status === 429) return say(words.busy, "warning");
      if (answer.redirected || !answer.ok) {
        window.location = link.href; // logged out, or a page that says what is wrong
        return undefined;
      }
      const header = (name) => answer.headers.get(name);
      const total = Number(header("X-Rows"));
      const workbook = !header("Content-Type").startsWith("text/csv");
      const count = workbook ? marks() : lines;
      const each = workbook ? Number(header("X-Stretch")) : 1;
      const before = workbook ? 5 : 1; // the parts before the rows; the line of headings
      const reader = answer.body.getReader();
      const chunks = [];
      let seen = -before;
      let said = Date.now();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        chunks.push(value);
        seen += count(value);
        if (Date.now() - said > PAUSE) {
          said = Date.now();
          say(fill(words.going, Math.max(0, Math.min(total, seen * each))));
        }
      }
      if (seen * each < total) throw new Error("cut off");
      save(new Blob(chunks, { type: header("Content-Type") }), /filename=([^;]+)/.exec(header("Content-Disposition"))[1]);
      const more = header("X-More") ? ` ${fill(words.more, total)}` : "";
      return say(fill(words.done, total) + more, more ? "warning" : "success");
    }

    box.addEventListener("click", async (event) => {
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (running) return;
      running = true;
      try {
        await fetchFile(link);
      } catch {
        say(words.failed, "error");
      }
      running = false;
    });
  }
})();
