// The app's own script: what HTML and Datastar leave open. It keeps no truth;
// every change goes through a form, and every answer comes back as HTML.
//
// Datastar dispatches "datastar-fetch" on the document for each step of a request
// and applies patches in a listener of its own there. A capturing listener on
// window therefore runs before a patch, one on document that was added later runs
// after it.
"use strict";

const backstory = (() => {
  const byId = (id) => document.getElementById(id);
  const idOf = (el) => el.getAttribute("id"); // form.id is a form's field of that name
  const sent = new Map();   // command id → {form, text, chip}
  const again = new Set();  // forms sent a second time before the first answer
  const wishes = new Map(); // form id → what shows its wish, until the answer is there

  // ---- Sending forms -------------------------------------------------------

  // take is called by every form's expression: it gives the command to send, or
  // null when the same form still waits for its answer. Checks and moves are
  // shown at once, and sent again after the answer when they changed meanwhile.
  function take(form) {
    const waits = !("chip" in form.dataset) && [...sent.values()].some((s) => s.form === idOf(form));
    if ("toggle" in form.dataset) wishChecked(form, waits);
    if (waits && "move" in form.dataset) again.add(idOf(form));
    if (waits) return null;
    const command = {};
    for (const [name, value] of new FormData(form)) command[name] = value;
    if (wishes.has(idOf(form))) Object.assign(command, wishes.get(idOf(form)).fields);
    command.command_id = freshId();
    const input = form.querySelector("input[aria-describedby]");
    const entry = { form: idOf(form), text: input ? input.value : "" };
    if ("chip" in form.dataset) entry.chip = chip(input);
    sent.set(command.command_id, entry);
    saving();
    return command;
  }

  // wish shows what the person wants before it is stored, through every patch;
  // undo shows again what was, should it be refused.
  function wish(form, fields, show, undo) {
    const first = wishes.get(idOf(form));
    wishes.set(idOf(form), { fields, show, undo: first ? first.undo : undo });
    show();
  }

  function wishChecked(form, waits) {
    if (waits) again.has(idOf(form)) ? again.delete(idOf(form)) : again.add(idOf(form));
    else if (again.delete(idOf(form))) return; // sent by settle: it shows already
    const box = () => document.querySelector(`#${idOf(form)} [role=checkbox]`);
    const was = box().getAttribute("aria-checked");
    const set = (checked) => () => box() && box().setAttribute("aria-checked", checked);
    wish(form, {}, set(String(was !== "true")), set(was));
  }

  // chip shows a new item below the list until the list has it, and frees the
  // field for the next one.
  function chip(input) {
    const li = document.createElement("li");
    li.className = "item chip";
    li.append(Object.assign(document.createElement("span"), { className: "still-text", textContent: input.value.trim() }));
    byId("pending").append(li);
    input.value = "";
    return li;
  }

  // settle acts on the result element that ends the answer to a command.
  function settle() {
    const result = byId("result").dataset;
    const entry = sent.get(result.command);
    if (!entry) return;
    sent.delete(result.command);
    saving();
    const form = byId(entry.form);
    markFields(form);
    if (result.status !== "accepted") return giveBack(form, entry);
    if (result.target) return location.assign(result.target);
    if (entry.chip) leaveWhenShown(entry.chip, Number(result.version));
    const editor = form && form.closest("details.editor");
    const input = form && form.querySelector("input[aria-describedby]");
    if (editor && input.value === entry.text) close(editor);
    if (form && "keep" in form.dataset && input.value === entry.text) input.value = "";
    if (form && again.has(idOf(form))) {
      if ("move" in form.dataset) again.delete(idOf(form));
      return form.requestSubmit();
    }
    wishes.delete(entry.form);
  }

  // giveBack undoes what was shown too early and returns the words.
  function giveBack(form, entry) {
    if (entry.chip) entry.chip.remove();
    if (wishes.has(entry.form)) wishes.get(entry.form).undo();
    wishes.delete(entry.form);
    again.delete(entry.form);
    if (!form) return;
    const input = form.querySelector("input[aria-describedby]");
    if (input && !input.value) input.value = entry.text;
    if (input && document.activeElement === document.body) input.focus();
  }

  // leaveWhenShown removes the chip once the page shows the version with the item.
  function leaveWhenShown(li, version) {
    const deadline = performance.now() + 3000;
    const check = () => {
      if (Number(byId("page").dataset.version) >= version || performance.now() > deadline) li.remove();
      else requestAnimationFrame(check);
    };
    check();
  }

  function markFields(form) {
    for (const input of form ? form.querySelectorAll("input[aria-describedby]") : []) {
      const slot = byId(input.getAttribute("aria-describedby"));
      if (slot && slot.textContent.trim()) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  function saving() {
    byId("saving").textContent = sent.size ? "Saving…" : "";
  }

  // fetchFailed tells about answers that never came.
  function fetchFailed(detail) {
    const { type, el, argsRaw } = detail;
    if (type === "error" && argsRaw.status === "401") return location.assign("/login");
    if (el.id === "updates") return;
    if (type !== "error" && type !== "retries-failed") return;
    for (const [id, entry] of sent) {
      if (entry.form !== idOf(el)) continue;
      sent.delete(id);
      giveBack(el, entry);
    }
    saving();
    say("The server could not be reached. Nothing was lost: please try again.");
  }

  // connection marks whether the page follows changes.
  function connection({ type, el }) {
    const root = document.documentElement.dataset;
    if (el.id !== "updates") return;
    if (type === "retrying" || type === "error") { root.offline = ""; delete root.live; }
    if (type === "datastar-patch-elements") { root.live = ""; delete root.offline; }
  }

  function say(message) {
    const div = Object.assign(document.createElement("div"), { className: "toast bad" });
    div.append(Object.assign(document.createElement("p"), { textContent: message }));
    div.append(Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×", ariaLabel: "Dismiss" }));
    div.lastChild.dataset.close = "";
    byId("toasts").append(div);
    expire();
  }

  // expire lets toasts go after a while, unless somebody reads or points at them.
  function expire() {
    for (const toast of document.querySelectorAll(".toast:not([data-seen])")) {
      toast.dataset.seen = "";
      const leave = () => toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove();
      setTimeout(leave, 9000);
    }
  }

  function freshId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16)); // pages on plain http have no randomUUID
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // ---- Editing in place ----------------------------------------------------

  // A details element opens and closes by itself; this puts the words of now into
  // the field and the caret behind them.
  document.addEventListener("toggle", (evt) => {
    const editor = evt.target;
    if (!editor.matches("details.editor") || !editor.open) return;
    const input = editor.querySelector("input[aria-describedby]");
    if (document.activeElement === input) return; // it came back from the server, with errors
    input.value = editor.querySelector(".label").textContent;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }, true);

  function close(editor) {
    editor.open = false;
    for (const slot of editor.querySelectorAll(".field-error")) slot.replaceChildren();
    markFields(editor.querySelector("form"));
    if (editor.contains(document.activeElement) || document.activeElement === document.body) editor.querySelector("summary").focus();
  }

  document.addEventListener("keydown", (evt) => {
    if (evt.key === "Escape") {
      const open = evt.target.closest("details.editor[open], details.confirm[open]");
      if (open) { close(open); evt.preventDefault(); }
      return;
    }
    const plain = !evt.altKey && !evt.ctrlKey && !evt.metaKey && !evt.shiftKey;
    if (plain && (evt.key === "ArrowLeft" || evt.key === "ArrowRight") && !evt.target.matches("input, textarea, select")) {
      const link = document.querySelector(`a[data-step=${evt.key === "ArrowLeft" ? "back" : "forward"}]`);
      if (link) { evt.preventDefault(); link.click(); }
    }
  });

  document.addEventListener("click", (evt) => {
    if (evt.target.closest("[data-close]")) evt.target.closest(".toast").remove();
    for (const open of document.querySelectorAll("details.confirm[open]")) if (!open.contains(evt.target)) open.open = false;
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

  // ---- Around patches ------------------------------------------------------

  const newItem = () => byId("add-item--text");
  let focus = null, draft = null;
  window.addEventListener("datastar-fetch", (evt) => {
    connection(evt.detail);
    if (evt.detail.type !== "datastar-patch-elements") return;
    const el = document.activeElement, li = el && el.closest("li[data-item]");
    if (newItem()) draft = newItem().value;
    focus = el && el !== document.body ? { id: el.id, start: el.selectionStart, end: el.selectionEnd, around: around(el), li, next: li && li.nextElementSibling && li.nextElementSibling.dataset.item } : null;
  }, true);

  function afterPatch(evt) {
    if (evt.detail.type !== "datastar-patch-elements") return fetchFailed(evt.detail);
    for (const each of wishes.values()) each.show();
    if (newItem() && !newItem().value && draft) newItem().value = draft; // its form went and came back
    refocus();
    times();
    crowd();
    expire();
    document.title = `${byId("page").dataset.title} · Backstory`;
    settle();
  }

  // around are the ids of what an element lies in, from the inside.
  function around(el) {
    const ids = [];
    for (let p = el.parentElement; p; p = p.parentElement) if (p.hasAttribute("id")) ids.push(p.getAttribute("id"));
    return ids;
  }

  // refocus keeps the caret where browsers lose it when a row moves, and goes on
  // to a neighbour when the row is gone: the next row, what stands in the same
  // place, or the page.
  function refocus() {
    if (!focus || document.activeElement !== document.body) return;
    const first = (id) => byId(id) && byId(id).querySelector("button, summary, a[href]");
    const place = focus.around.find((id) => id === "page" || first(id));
    const page = byId("page");
    const el = (focus.id && byId(focus.id)) || byId("check-" + focus.next) || (focus.li && newItem()) || (place !== "page" && first(place)) || page;
    if (el === page) page.tabIndex = -1;
    el.focus({ preventScroll: true });
    if (el.id === focus.id && focus.start != null) el.setSelectionRange(focus.start, focus.end);
  }

  // times says how long ago things were, as the server does, in the reader's zone.
  function times() {
    const now = Date.now();
    for (const el of document.querySelectorAll("time.moment")) {
      const at = new Date(el.dateTime), seconds = (now - at) / 1000;
      const text = seconds < -60 ? `in ${count(-seconds / 60, "min").slice(0, -4)}` : seconds < -2 ? "within a minute" : seconds < 45 ? "just now" : seconds < 3600 ? count(seconds / 60, "min")
        : seconds < 86400 ? count(seconds / 3600, "h") : seconds < 30 * 86400 ? count(seconds / 86400, "d") : el.textContent;
      if (el.textContent !== text) el.textContent = text;
      const exact = at.toLocaleString();
      if (el.title !== exact) el.title = exact;
    }
  }
  const count = (n, unit) => `${Math.max(1, Math.round(n))} ${unit} ago`;

  // crowd leaves the reader out of those who look at the page.
  function crowd() {
    const list = byId("crowd");
    if (!list) return;
    for (const li of list.children) li.hidden = li.dataset.name === document.body.dataset.user;
    list.hidden = [...list.children].every((li) => li.hidden);
  }

  document.addEventListener("DOMContentLoaded", () => {
    times();
    crowd();
    setInterval(times, 30000);
    const current = document.querySelector("#history [aria-current]");
    if (current) scrollTo(current);
  });
  // scrollTo moves within the history alone, so that the page stays where it is.
  function scrollTo(li) {
    const list = byId("history");
    list.scrollTop += li.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
  }
  // Added when deferred scripts and modules have run: Datastar's listener comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", afterPatch));

  return { take, wish };
})();
