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
  const { say } = toasts;
  const idOf = (el) => el.getAttribute("id"); // form.id is a form's field of that name
  const wordsOf = (form) => form && form.querySelector("input[aria-describedby]");
  const slotOf = (input) => byId(input.getAttribute("aria-describedby"));
  const rows = () => [...document.querySelectorAll("li[data-item]")];
  const mostTries = 3;
  const sent = new Map();   // command id → {form, row, action, command, text, chip, tries}
  const lost = new Map();   // what was given up → its command id, should it be sent once more
  const again = new Map();  // forms sent with something else before the first answer → the words then
  const flying = new Map(); // element id → its requests under way
  const unseen = new Set(); // ids of forms without words that were accepted, which the page does not show yet

  // take is called by every form's expression: it gives the command to send, or
  // null while the same form waits for an answer. The same again is the same wish;
  // something else is sent when the answer is there. Checks and moves show at once.
  function take(form) {
    const id = idOf(form), first = "chip" in form.dataset ? null : [...sent.values()].find((s) => s.form === id);
    if ("toggle" in form.dataset) wishChecked(form, first);
    const command = commandOf(form), row = form.closest("li[data-item]"), input = wordsOf(form);
    const same = fingerprint(id, command);
    if (first) {
      if (same === fingerprint(id, first.command)) again.delete(id);
      else again.set(id, input ? input.value : "");
    }
    if (first || unseen.has(id)) return null;
    command.command_id = lost.get(same) || freshId();
    lost.delete(same);
    const entry = { form: id, row: row && row.id, action: form.getAttribute("action"), command, text: input ? input.value : "", tries: 0 };
    entry.queued = mustWait(entry);
    if ("chip" in form.dataset) entry.chip = chip(input);
    sent.set(command.command_id, entry);
    show();
    return entry.queued ? null : command;
  }

  // New items are stored in the order in which they were typed: one is sent when the
  // one before it is. What was lost on the way, and all that was wished after it, goes in
  // the order in which it was wished, one after the other.
  const undecided = (form) => [...sent.values()].find((entry) => entry.form === form && !entry.slow);
  const holds = (first, entry) => !first.slow && (first.tries || first.queued || first.inTurn || first.form === entry.form);
  function mustWait(entry) {
    for (const first of sent.values()) {
      if (first === entry) return false;
      if (holds(first, entry)) return true;
    }
    return false;
  }
  function sendNext() {
    for (const entry of sent.values()) if (entry.queued) sendAgain(entry);
  }

  // sendAgain sends what waits, unless it waits for something before it.
  function sendAgain(entry) {
    entry.queued = mustWait(entry);
    if (entry.queued) return;
    entry.inTurn = true;
    resend(entry);
  }

  function resend(entry) {
    entry.resent = true;
    byId("resend").dispatchEvent(new CustomEvent("resend", { detail: entry }));
  }

  // commandOf is what a form says, and what is wished beside it, without an id.
  function commandOf(form) {
    const { command_id: _, ...fields } = Object.fromEntries(new FormData(form));
    return Object.assign(fields, wishes.of(idOf(form))?.fields);
  }

  const fingerprint = (form, { command_id: _, ...fields }) => JSON.stringify([form, fields]);

  // wishChecked wishes the other of what the person sees.
  function wishChecked(form, waits) {
    if (!waits && again.delete(idOf(form))) return; // sent by goOn: it shows already
    const box = () => document.querySelector(`#${idOf(form)} [role=checkbox]`);
    const set = (checked) => box() && box().setAttribute("aria-checked", checked);
    const done = String(box().getAttribute("aria-checked") !== "true");
    wishes.add(form, { done }, () => set(done), ({ checked }) => set(checked));
  }

  // chip shows a new item below the list until the list has it, and frees the
  // field for the next one.
  function chip(input) {
    const li = document.createElement("li");
    li.className = "item chip";
    li.append(Object.assign(document.createElement("span"), { className: "still-text", dir: "auto", textContent: input.value.trim() }));
    li.rows = new Set(rows().map(idOf));
    byId("pending").append(li);
    li.scrollIntoView({ block: "nearest" });
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus({ preventScroll: true }); // also when a button was clicked
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
      sendNext();
      return; // asked for again when the request has ended
    }
    sent.delete(result.command);
    show();
    const form = byId(entry.form);
    tell(JSON.parse(result.faults), entry);
    if (form && result.status === "accepted") clearFaults(form);
    else markFields(form);
    sendNext();
    if (result.target && (result.status === "accepted" || result.said) && !again.has(entry.form)) next = { ...result };
    if (next && !sent.size) return leave(next); // not before the rest is stored
    if (result.status !== "accepted") return giveBack(form, entry);
    toasts.overtake();
    const version = Number(result.version);
    if (entry.chip) whenShown(entry.form, version, () => entry.chip.remove());
    if (goOn(form, entry)) return;
    const editor = form && form.closest("details.editor"), input = wordsOf(form);
    if (editor && input.value === entry.text) close(editor);
    if (form && "keep" in form.dataset && input.value === entry.text) input.value = "";
    wishes.stored(entry.form, version);
    if (!form || input || "toggle" in form.dataset || "move" in form.dataset) return;
    unseen.add(entry.form);
    whenShown(entry.form, version, () => unseen.delete(entry.form));
  }

  // tell says what is wrong beside its field, or, where that is gone, of what it is.
  function tell(faults, { text }) {
    for (const [id, message] of Object.entries(faults)) {
      const span = message && Object.assign(document.createElement("span"), { textContent: message });
      if (byId(id)) byId(id).replaceChildren(...(span ? [span] : []));
      else if (message) say(text ? `“${text}”: ${message}` : message, "bad");
    }
  }

  // goOn sends what a form was sent with meanwhile, unless it is being rewritten.
  function goOn(form, entry) {
    if (!form || !again.has(entry.form)) return false;
    const input = wordsOf(form), text = again.get(entry.form);
    if (!("toggle" in form.dataset)) again.delete(entry.form); // take knows those that show already
    if (!input || input.value === text) form.requestSubmit();
    return true;
  }

  // leave goes to another page, which says what there is to say.
  let next = null;
  function leave({ target, said }) {
    if (said) sessionStorage.setItem("said", said);
    location.assign(target);
  }

  // giveBack undoes what was shown too early and returns the words.
  function giveBack(form, entry) {
    if (entry.chip) entry.chip.remove();
    wishes.end(entry.form);
    const input = wordsOf(form);
    if (input && goOn(form, entry)) return;
    again.delete(entry.form);
    if (input && entry.chip && (input.value || undecided(entry.form))) return say(`“${entry.text}” was not added. ${slotOf(input).textContent.trim()}`, "bad");
    const returned = input && !input.value;
    if (returned) input.value = entry.text;
    if (input && document.activeElement === document.body) input.focus();
    if (returned && document.activeElement === input && slotOf(input).textContent.trim()) input.select(); // who types on means something else
  }

  // makeRoom takes away the chips whose items have come, before anybody sees both.
  function makeRoom() {
    for (const chip of document.querySelectorAll("#pending > .chip"))
      if (rows().some((li) => !chip.rows.has(idOf(li)) && li.querySelector(".label, .still-text").textContent === chip.textContent)) chip.remove();
  }

  // whenShown acts once the page shows a version, or has the form no more.
  function whenShown(form, version, act) {
    const deadline = performance.now() + 3000;
    const check = () => {
      if (Number(byId("page").dataset.version) >= version || !byId(form) || performance.now() > deadline) act();
      else requestAnimationFrame(check);
    };
    check();
  }

  function markFields(form) {
    for (const input of form ? form.querySelectorAll("[aria-describedby]") : []) {
      const slot = slotOf(input);
      if (slot && slot.textContent.trim()) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  function clearFaults(form) {
    for (const slot of form.querySelectorAll(".field-error")) slot.replaceChildren();
    markFields(form);
  }

  function close(editor) {
    editor.open = false;
    clearFaults(editor.querySelector("form"));
    if (touches()) document.activeElement.blur(); // nobody goes on with keys
    else if (editor.contains(document.activeElement) || document.activeElement === document.body) editor.querySelector("summary").focus();
  }

  // ---- Flaky networks ------------------------------------------------------

  // fetched follows the requests of forms. One that ended without an outcome is
  // sent again.
  function fetched({ type, el, argsRaw }) {
    const id = idOf(el), of = [...sent].filter(([, entry]) => !entry.queued && (entry.resent ? "resend" : entry.form) === id);
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
    if (status === 401) return signedOut();
    if (status === 408 || status === 429 || status >= 500) return;
    for (const [command, entry] of of) giveUp(command, entry, status === 413 ? "This is more than the server takes at once." : "The server does not take this.");
  }

  // signedOut returns all words to their fields, and asks who it is.
  function signedOut() {
    const all = [...sent.values()], chips = all.filter((entry) => entry.chip), unsent = chips.map((entry) => entry.text);
    const field = chips.length ? wordsOf(byId(chips[0].form)) : null;
    sent.clear();
    for (const entry of all) if (!entry.chip) giveBack(byId(entry.form), entry);
    if (field && !field.value) field.value = unsent.shift();
    account.leave(unsent);
  }

  function later(command, entry) {
    if (entry.waits) return;
    if (!entry.slow && ++entry.tries > mostTries) return giveUp(command, entry, entry.why || "The server could not be reached. Nothing was lost: please try again.");
    entry.waits = setTimeout(() => {
      entry.waits = 0;
      if (sent.has(command)) sendAgain(entry);
    }, Math.min(500 * 2 ** entry.tries, 8000));
  }

  // What waits to be sent again goes at once when the server is there again, in its order.
  function retry() {
    for (const entry of sent.values()) {
      if (!entry.waits) continue;
      clearTimeout(entry.waits);
      entry.waits = 0;
      sendAgain(entry);
    }
  }

  // giveUp returns the words. Sent once more as they are, they go under the id that
  // they had: should the server have them after all, nothing is done twice. A wish
  // says what shall be, which is safe to say again, and may have become another since.
  function giveUp(command, entry, why) {
    sent.delete(command);
    if (!wishes.of(entry.form)) lost.set(fingerprint(entry.form, entry.command), command);
    giveBack(byId(entry.form), entry);
    say(why, "bad");
    sendNext();
    show();
  }

  // show marks what is not stored yet.
  function show() {
    const all = [...sent.values()], unsaved = new Set(all.map((entry) => entry.row));
    const offline = "offline" in document.documentElement.dataset, waiting = all.length ? `, ${all.length} not saved yet…` : "…";
    const text = offline ? "Not connected" + waiting : !all.length ? "" : all.some((entry) => entry.tries) ? "Saving, trying again…" : "Saving…";
    for (const sign of [byId("saving"), byId("saving-here")]) if (sign && sign.textContent !== text) sign.textContent = text;
    for (const li of rows()) li.toggleAttribute("data-unsaved", unsaved.has(li.id));
  }

  // A double click is one: its second half belongs to what stood there before, not
  // to a button that the first half brought under the pointer. Only checks count
  // every click. A key that is held down is one, too.
  for (const type of ["mousedown", "click"]) document.addEventListener(type, (evt) => { // the first keeps the focus where it is
    if (evt.detail === 2 && evt.target.closest("form:not([data-toggle]) button, summary")) evt.preventDefault();
  }, true);
  document.addEventListener("keydown", (evt) => {
    if (evt.repeat && evt.key === "Enter" && evt.target.closest("form, summary")) evt.preventDefault();
  });

  // touches says whether somebody works with fingers: a field that gets the focus
  // brings up the keyboard.
  let finger = false;
  const touches = () => finger;
  document.addEventListener("pointerdown", ({ pointerType }) => { finger = pointerType === "touch"; }, true);

  window.addEventListener("beforeunload", (evt) => {
    if ([...sent.values()].some((entry) => entry.tries || entry.queued)) evt.preventDefault();
  });

  function freshId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16)); // pages on plain http have no randomUUID
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // patched is called after each patch.
  function patched() {
    wishes.patched();
    makeRoom();
    show();
    toasts.patched();
    settle();
  }

  return { take, close, say, show, fetched, patched, retry, signedOut, touches, clearFaults };
})();
