// The app's own script: what HTML and Datastar leave open. It keeps no truth;
// every change goes through a form (send.js), and every answer comes back as HTML.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);

  // The key that leads to a field is not meant for what stands in it already.
  document.addEventListener("keydown", (evt) => {
    if (evt.key !== "Enter" || !evt.target.matches("main a.skip")) return;
    evt.preventDefault();
    const field = byId(evt.target.hash.slice(1));
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });

  document.addEventListener("click", (evt) => {
    if (evt.target.closest("[data-copy]")) copyLink();
    const compare = evt.target.closest("a[data-with]"); // with the version shown by now
    if (compare) compare.href = compare.getAttribute("href").replace(/\d+\?/, `${byId("version").value}?`);
    if (evt.target.closest("[data-cancel]")) backstory.close(evt.target.closest("details"));
    if (evt.target.closest("[data-close]")) evt.target.closest(".toast").remove();
    for (const open of document.querySelectorAll("details.confirm[open]")) if (!open.contains(evt.target)) open.open = false;
  });

  // copyLink works where browsers let pages write to the clipboard: not on plain http.
  // A link to the past is to the version shown, also while others pass by.
  async function copyLink() {
    const past = byId("page").classList.contains("past"), version = byId("version").value;
    const shown = past && !location.pathname.endsWith(`/${version}`); // its address comes in a moment
    const link = location.origin + (shown ? location.pathname.replace(/^(\/[^/]+\/[^/]+).*/, `$1/${version}`) : location.pathname + location.search);
    try {
      await navigator.clipboard.writeText(link);
      backstory.say(`The link is copied. Whoever signs in can open ${past ? "this version" : "the list"} with it.`, "");
    } catch {
      backstory.say(`The link is ${link}`, "");
    }
  }

  // Lines that are pasted into the field for a new item, when nothing else is to stay
  // there, are items, each of them. What is longer than an item may be stays in the field.
  const marks = /^(?:(?:[-*•]|\d+[.)]|\[[ xX]?\])\s+)+/; // of lists in plain text
  document.addEventListener("paste", (evt) => {
    const field = newItem(), whole = evt.target === field && field.selectionStart === 0 && field.selectionEnd === field.value.length;
    const lines = evt.clipboardData.getData("text/plain").split(/\r\n|\r|\n/).map((line) => line.trim().replace(marks, "")).filter(Boolean);
    if (!whole || lines.length < 2 || lines.length > 100) return;
    evt.preventDefault();
    const put = (text) => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const fits = (line) => [...line].length <= Number(field.dataset.max);
    for (const line of lines.filter(fits)) {
      put(line);
      field.form.requestSubmit();
    }
    if (lines.every(fits)) return;
    put(lines.filter((line) => !fits(line)).join(" "));
    field.reportValidity();
  });

  // What the browser's own checks cannot say is said here, as the schema means it:
  // lengths count code points, and where the server trims, without space around.
  document.addEventListener("input", ({ target }) => {
    const { min, max, pattern, trim } = target.dataset;
    if (!max && !min && !pattern) return;
    const text = trim == null ? target.value : target.value.trim(), length = [...text].length;
    target.setCustomValidity(!target.value ? "" // what is required, browsers know
      : !length ? "Please write more than spaces."
      : max && length > max ? `Please use ${max} characters or fewer; this has ${length}.`
      : min && length < min ? `Please use at least ${min} characters.`
      : pattern && !new RegExp(pattern, "v").test(text) ? "This does not have the form that is asked for." : "");
  });

  // connection marks whether the page follows changes, as far as one can know.
  let follows = false, broken = false;
  function connection({ type, el }) {
    if (el.id !== "updates") return;
    if (type === "retrying" || type === "error") [follows, broken] = [false, true];
    if (type === "datastar-patch-elements") {
      if (broken) backstory.retry();
      [follows, broken] = [true, false];
    }
    mark();
  }
  function mark() {
    document.documentElement.toggleAttribute("data-live", follows);
    document.documentElement.toggleAttribute("data-offline", broken || !navigator.onLine);
    backstory.show();
  }
  addEventListener("offline", mark);
  addEventListener("online", mark);
  addEventListener("online", backstory.retry);

  // follow makes the page follow another address, which its stream shows whole. It
  // gives the element that does.
  backstory.follow = (address) => {
    const updates = byId("updates"), next = updates.cloneNode(false);
    next.dataset.page = address;
    updates.replaceWith(next); // Datastar ends one stream with its element and opens the other
    return next;
  };

  // What was typed for a new item is there again after the page was loaded again.
  const draftKey = () => `draft ${document.body.dataset.user} ${byId("page").dataset.path}`;
  addEventListener("pagehide", () => {
    const kept = newItem() ? newItem().value : draft;
    if (kept) sessionStorage.setItem(draftKey(), kept);
  });
  document.addEventListener("DOMContentLoaded", () => {
    const kept = sessionStorage.getItem(draftKey());
    sessionStorage.removeItem(draftKey());
    if (!kept || !newItem() || newItem().value) return;
    newItem().value = kept;
    if (document.activeElement === document.body) newItem().focus();
  });

  // ---- Around patches ------------------------------------------------------

  const newItem = () => byId("add-item--text");
  let focus = null, draft = null, hadForm = false;
  document.addEventListener("input", ({ target }) => { if (target === newItem()) draft = target.value; });
  window.addEventListener("datastar-fetch", (evt) => {
    connection(evt.detail);
    if (evt.detail.type !== "datastar-patch-elements") return;
    const el = document.activeElement, li = el && el.closest("li[data-item]");
    hadForm = !!newItem();
    if (hadForm) draft = newItem().value;
    focus = el && el !== document.body ? { id: el.id, start: el.selectionStart, end: el.selectionEnd, around: around(el), li, next: li && li.nextElementSibling && li.nextElementSibling.dataset.item } : null;
  }, true);

  function afterPatch(evt) {
    const { type, el } = evt.detail;
    if (type === "error" && el.id === "updates" && evt.detail.argsRaw.status === "401") return backstory.signedOut();
    if (type !== "datastar-patch-elements") return el.id === "updates" || backstory.fetched(evt.detail);
    if (newItem() && !newItem().value && draft) newItem().value = draft; // its form went and came back
    if (hadForm && !newItem() && draft && !byId("page").classList.contains("past")) backstory.say(`This list cannot be changed now${editing.reason("")}. You were writing: “${draft}”`, "bad");
    refocus();
    times();
    crowd();
    document.title = `${byId("page").dataset.title} · Backstory`;
    backstory.patched();
  }

  // around are the ids of what an element lies in, from the inside.
  function around(el) {
    const ids = [];
    for (let p = el.parentElement; p; p = p.parentElement) if (p.hasAttribute("id")) ids.push(p.getAttribute("id"));
    return ids;
  }

  // refocus keeps the caret where browsers lose it when a row moves, and goes on
  // to a neighbour when the row is gone: the next row, what stands in the same
  // place, or the page. Keys that were meant for what is gone change nothing there.
  function refocus() {
    if (!focus || document.activeElement !== document.body) return;
    const first = (id) => byId(id) && byId(id).querySelector("button, summary, a[href]");
    const place = focus.around.find((id) => id === "page" || first(id));
    const page = byId("page");
    const el = (focus.id && byId(focus.id)) || (focus.start == null && byId("opener-edit-" + focus.next)) || (focus.li && !backstory.touches() && newItem()) || (place !== "page" && first(place)) || page;
    if (el === page) page.tabIndex = -1;
    el.focus({ preventScroll: true });
    if (el.id === focus.id && focus.start != null) el.setSelectionRange(focus.start, focus.end);
  }

  // times says how long ago things were, as the server does, in the reader's zone.
  function times() {
    const now = Date.now();
    for (const el of document.querySelectorAll("time.moment")) {
      const at = new Date(el.dateTime), text = ago((now - at) / 1000) || el.textContent;
      if (el.textContent !== text) el.textContent = text;
      const exact = at.toLocaleString();
      if (el.title !== exact) el.title = exact;
    }
  }
  function ago(seconds) {
    if (seconds >= -60 && seconds < -2) return "within a minute";
    if (seconds >= -2 && seconds < 45) return "just now";
    const text = span(Math.abs(seconds));
    return !text ? "" : seconds < 0 ? `in ${text}` : `${text} ago`;
  }
  const span = (seconds) => seconds < 3600 ? count(seconds / 60, "min") : seconds < 86400 ? count(seconds / 3600, "h") : seconds < 30 * 86400 ? count(seconds / 86400, "d") : "";
  const count = (n, unit) => `${Math.max(1, Math.round(n))} ${unit}`;

  // crowd leaves the reader out of those who look at the page.
  function crowd() {
    const list = byId("crowd");
    if (!list) return;
    for (const li of list.children) li.hidden = li.dataset.name === document.body.dataset.user;
    list.hidden = [...list.children].every((li) => li.hidden);
  }

  // shown fits what the server rendered to the reader, also what travel.js shows.
  function shown() {
    times();
    crowd();
    backstory.show();
  }
  document.addEventListener("backstory-shown", shown);
  document.addEventListener("DOMContentLoaded", () => {
    shown();
    setInterval(times, 30000);
  });
  // Added when deferred scripts and modules have run: Datastar's listener comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", afterPatch));
})();
