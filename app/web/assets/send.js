// Sending commands, and what becomes of them. Every command is kept, with its id,
// until its outcome is known: what the network lost is sent again under the same
// id, and acts once. What a person wishes shows at once, marked until it is stored.
//
// Datastar dispatches "datastar-fetch" on the document for each step of a request
// and applies patches in a listener of its own there. A capturing listener on
// window therefore runs before a patch, one on document that was added later runs
// after it.
"use strict";

const backstory = (() => {
  const byId = (id) => document.getElementById(id);
  const idOf = (el) => el.getAttribute("id"); // form.id is a form's field of that name
  const wordsOf = (form) => form && form.querySelector("input[aria-describedby]");
  const rows = () => [...document.querySelectorAll("li[data-item]")];
  const mostTries = 3, doubleClick = 500; // ms
  const sent = new Map();   // command id → {form, row, action, command, text, chip, tries}
  const lost = new Map();   // what was given up → its command id, should it be sent once more
  const again = new Set();  // forms sent a second time before the first answer
  const wishes = new Map(); // form id → what shows its wish, until the answer is there
  const flying = new Map(); // element id → its requests under way
  const done = new Map();   // id of a form without words → when it was accepted

  // take is called by every form's expression: it gives the command to send, or
  // null when the same form still waits for its answer. Checks and moves are
  // shown at once, and sent again after the answer when they changed meanwhile.
  function take(form) {
    const waits = !("chip" in form.dataset) && [...sent.values()].some((s) => s.form === idOf(form));
    if ("toggle" in form.dataset) wishChecked(form, waits);
    if (waits && "move" in form.dataset) again.add(idOf(form));
    if (waits || performance.now() - done.get(idOf(form)) < doubleClick) return null;
    const command = {}, row = form.closest("li[data-item]"), input = wordsOf(form);
    for (const [name, value] of new FormData(form)) command[name] = value;
    if (wishes.has(idOf(form))) Object.assign(command, wishes.get(idOf(form)).fields);
    delete command.command_id;
    const same = fingerprint(idOf(form), command);
    command.command_id = lost.get(same) || freshId();
    lost.delete(same);
    const entry = { form: idOf(form), row: row && row.id, action: form.getAttribute("action"), command, text: input ? input.value : "", tries: 0 };
    if ("chip" in form.dataset) entry.chip = chip(input);
    sent.set(command.command_id, entry);
    show();
    return command;
  }

  const fingerprint = (form, { command_id: _, ...fields }) => JSON.stringify([form, fields]);

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
    li.rows = new Set(rows().map(idOf));
    byId("pending").append(li);
    li.scrollIntoView({ block: "nearest" });
    input.value = "";
    return li;
  }

  // ---- Outcomes ------------------------------------------------------------

  // settle acts on the result element that ends the answer to a command. Its status
  // is accepted or refused; pending: stored and not decided yet; again: perhaps not
  // even stored.
  function settle() {
    const result = byId("result").dataset, entry = sent.get(result.command);
    if (!entry) return;
    if (result.status === "pending" || result.status === "again") {
      if (result.status === "pending" && !entry.slow) say("This takes longer than usual. It will show up here when it is done.", "");
      entry.slow = result.status === "pending";
      entry.why = result.message;
      return; // asked for again when the request has ended
    }
    sent.delete(result.command);
    show();
    const form = byId(entry.form);
    markFields(form);
    if (result.target && (result.status === "accepted" || result.said)) return leave(result);
    if (result.status !== "accepted") return giveBack(form, entry);
    for (const toast of document.querySelectorAll(".toast[data-refused]")) toast.remove(); // that was before
    if (entry.chip) leaveWhenShown(entry.chip, Number(result.version));
    const editor = form && form.closest("details.editor"), input = wordsOf(form);
    if (editor && input.value === entry.text) close(editor);
    if (form && "keep" in form.dataset && input.value === entry.text) input.value = "";
    if (form && again.has(idOf(form))) {
      if ("move" in form.dataset) again.delete(idOf(form));
      return form.requestSubmit();
    }
    wishes.delete(entry.form);
    if (form && !input && !("toggle" in form.dataset) && !("move" in form.dataset)) done.set(entry.form, performance.now());
  }

  // leave goes to another page, which says what there is to say.
  function leave({ target, said }) {
    if (said) sessionStorage.setItem("said", said);
    location.assign(target);
  }
  document.addEventListener("DOMContentLoaded", () => {
    if (sessionStorage.getItem("said")) say(sessionStorage.getItem("said"), "");
    sessionStorage.removeItem("said");
  });

  // giveBack undoes what was shown too early and returns the words.
  function giveBack(form, entry) {
    if (entry.chip) entry.chip.remove();
    if (wishes.has(entry.form)) wishes.get(entry.form).undo();
    wishes.delete(entry.form);
    again.delete(entry.form);
    const input = wordsOf(form);
    if (input && !input.value) input.value = entry.text;
    if (input && document.activeElement === document.body) input.focus();
  }

  // makeRoom takes away the chips whose items have come, before anybody sees both.
  function makeRoom() {
    for (const chip of document.querySelectorAll("#pending > .chip"))
      if (rows().some((li) => !chip.rows.has(idOf(li)) && li.querySelector(".label, .still-text").textContent === chip.textContent)) chip.remove();
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
    for (const input of form ? form.querySelectorAll("[aria-describedby]") : []) {
      const slot = byId(input.getAttribute("aria-describedby"));
      if (slot && slot.textContent.trim()) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  function close(editor) {
    editor.open = false;
    for (const slot of editor.querySelectorAll(".field-error")) slot.replaceChildren();
    markFields(editor.querySelector("form"));
    if (editor.contains(document.activeElement) || document.activeElement === document.body) editor.querySelector("summary").focus();
  }

  // ---- Flaky networks ------------------------------------------------------

  // fetched follows the requests of forms. One that ended without an outcome is
  // sent again.
  function fetched({ type, el, argsRaw }) {
    const id = idOf(el), of = [...sent].filter(([, entry]) => (entry.resent ? "resend" : entry.form) === id);
    if (type === "started") flying.set(id, (flying.get(id) || 0) + 1);
    if (type === "retrying") for (const [, entry] of of) entry.tries = Math.max(entry.tries, 1);
    if ((type === "error" || type === "retries-failed") && !of.length && el.matches("form")) say("The server could not be reached. Please try again.", "bad");
    if (type === "error") refused(Number(argsRaw.status), of);
    if (type === "finished") {
      flying.set(id, flying.get(id) - 1);
      if (flying.get(id) === 0) for (const [command, entry] of of) if (sent.has(command)) later(command, entry);
    }
    show();
  }

  // refused gives up what the server will not take, however often it is sent.
  function refused(status, of) {
    if (status === 401) return location.assign("/login");
    if (status === 408 || status === 429 || status >= 500) return;
    for (const [command, entry] of of) giveUp(command, entry, status === 413 ? "This is more than the server takes at once." : "The server does not take this.");
  }

  function later(command, entry) {
    if (entry.waits) return;
    if (!entry.slow && ++entry.tries > mostTries) return giveUp(command, entry, entry.why || "The server could not be reached. Nothing was lost: please try again.");
    entry.waits = setTimeout(() => {
      entry.waits = 0;
      entry.resent = true;
      if (sent.has(command)) byId("resend").dispatchEvent(new CustomEvent("resend", { detail: entry }));
    }, Math.min(500 * 2 ** entry.tries, 8000));
  }

  // giveUp returns the words. Sent once more as they are, they go under the id that
  // they had: should the server have them after all, nothing is done twice.
  function giveUp(command, entry, why) {
    sent.delete(command);
    lost.set(fingerprint(entry.form, entry.command), command);
    giveBack(byId(entry.form), entry);
    say(why, "bad");
    show();
  }

  // show marks what is not stored yet.
  function show() {
    const all = [...sent.values()], unsaved = new Set(all.map((entry) => entry.row));
    byId("saving").textContent = !all.length ? "" : all.some((entry) => entry.tries) ? "Saving, trying again…" : "Saving…";
    for (const li of rows()) li.toggleAttribute("data-unsaved", unsaved.has(li.id));
  }

  window.addEventListener("beforeunload", (evt) => {
    if ([...sent.values()].some((entry) => entry.tries)) evt.preventDefault();
  });

  function say(message, kind) {
    const div = Object.assign(document.createElement("div"), { className: `toast ${kind}` });
    div.append(Object.assign(document.createElement("p"), { textContent: message }));
    div.append(Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×", ariaLabel: "Dismiss" }));
    div.lastChild.dataset.close = "";
    byId("toasts").append(div);
    expire();
  }

  // outlive takes away refusals that another state of the list has made untrue.
  let state = "";
  function outlive() {
    const now = byId("page").dataset.state;
    if (now !== state) for (const toast of document.querySelectorAll(".toast[data-refused][data-seen]")) toast.remove();
    state = now;
  }

  // expire lets toasts go after a while, unless somebody reads or points at them.
  function expire() {
    for (const toast of document.querySelectorAll(".toast:not([data-seen])")) {
      for (const old of document.querySelectorAll(".toast[data-seen]")) if (old.textContent === toast.textContent) old.remove(); // said once, for longer
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

  // patched is called after each patch, which shows only what the server knows.
  function patched() {
    for (const each of wishes.values()) each.show();
    outlive();
    makeRoom();
    show();
    expire();
    settle();
  }

  return { take, wish, close, say, fetched, patched };
})();
