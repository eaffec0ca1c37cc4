// Editing in place. What somebody types is theirs: when others change or take away
// meanwhile what it is about, that is told, and the words stay.
"use strict";

const editing = (() => {
  const byId = (id) => document.getElementById(id);
  const fieldOf = (editor) => editor.querySelector("input[aria-describedby]");
  const labelOf = (editor) => editor.querySelector(".label").textContent;
  const opened = new Map(); // id of an open editor → {was: its words when it was opened, typed: those in its field}
  const kept = new Map(); // id of an editor → {was, typed} of before the page was loaded again

  // A details element opens and closes by itself; this puts the words of now into
  // the field and the caret behind them.
  document.addEventListener("toggle", ({ target: editor }) => {
    if (!editor.matches("details.editor")) return;
    if (!editor.open) return opened.delete(editor.id);
    const input = fieldOf(editor);
    opened.set(editor.id, { was: labelOf(editor), typed: "" });
    byId(editor.id.replace("editor", "meanwhile")).textContent = "";
    const { was, typed } = kept.get(editor.id) ?? {};
    if (kept.delete(editor.id)) {
      input.value = typed;
      opened.get(editor.id).was = was;
      return meanwhile(editor, was);
    }
    if (document.activeElement === input) return; // it came back from the server, with errors
    input.value = labelOf(editor);
    input.setCustomValidity(""); // of what was typed there before
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }, true);

  document.addEventListener("keydown", (evt) => {
    const open = evt.key === "Escape" && evt.target.closest("details.editor[open], details.confirm[open]");
    if (open) { backstory.close(open); evt.preventDefault(); }
  });

  // What was wrong with a text is not said of another one.
  document.addEventListener("input", ({ target }) => {
    if (!target.hasAttribute("aria-invalid")) return;
    target.removeAttribute("aria-invalid");
    byId(target.getAttribute("aria-describedby")).replaceChildren();
  });

  window.addEventListener("datastar-fetch", ({ detail }) => {
    if (detail.type !== "datastar-patch-elements") return;
    for (const [id, editor] of opened) if (byId(id)) editor.typed = fieldOf(byId(id)).value;
  }, true);

  function patched({ detail }) {
    if (detail.type !== "datastar-patch-elements") return;
    for (const [id, { was, typed }] of opened) {
      const editor = byId(id);
      if (editor) meanwhile(editor, was);
      else {
        opened.delete(id);
        if (typed.trim() && typed.trim() !== was) rescue(id, was, typed);
      }
    }
  }

  // meanwhile tells whoever edits a text that it is another one by now.
  function meanwhile(editor, was) {
    const now = labelOf(editor), typed = fieldOf(editor).value.trim(), other = editor.open && now !== was && now !== typed;
    const text = other ? `${teller("Item changed", now) ?? teller("List renamed", now) ?? "Somebody"} changed this to “${now}” meanwhile. Saving replaces it.` : "";
    const slot = byId(editor.id.replace("editor", "meanwhile"));
    if (slot.textContent === text) return;
    slot.textContent = text;
    if (text) backstory.clearFaults(editor.querySelector("form")); // they were about what was there before
  }

  // teller is the latest line of the history that has a title, about a text (null: any),
  // also within what a command led to.
  function teller(title, text) {
    for (const li of document.querySelectorAll("#history .entry-line")) {
      const find = (css) => li.querySelector(`:scope > .story ${css}`), about = find("p > .about:not(del)"), what = find("p > .what");
      if (what && what.textContent === title && (text === null || (about && about.textContent === text))) return find(".by")?.textContent;
    }
  }

  // reason is why a text, or the list, cannot be changed any more, as far as that is known.
  function reason(text) {
    const state = byId("page").dataset.state, title = state === "active" ? "Item removed" : `List ${state}`;
    const by = teller(title, state === "active" ? text : null);
    return by ? ` (${title} by ${by})` : "";
  }

  // rescue keeps the words whose editor is gone: the item was taken off the list, the
  // list was put away, or the past is looked at.
  function rescue(id, was, typed) {
    const field = byId("add-item--text"), past = byId("page").classList.contains("past");
    const why = past ? "" : `“${was}” cannot be edited any more${reason(was)}. `;
    if (!field || field.value || id === "editor-rename") return backstory.say(`${why}You were writing: “${typed}”`, "bad");
    field.value = typed;
    field.focus();
    backstory.say(`${why}What you were writing stands in the field for a new item.`, "bad");
  }

  // Edits are there again after the page was loaded again, if they are not saved by then.
  const editKey = () => `editing ${document.body.dataset.user} ${byId("page").dataset.path}`;
  addEventListener("pagehide", () => {
    const focus = document.activeElement.id;
    const edits = [...opened].filter(([id]) => byId(id)).map(([id, { was }]) => ({ id, was, typed: fieldOf(byId(id)).value })).filter(({ was, typed }) => typed && typed !== was);
    if (edits.length) sessionStorage.setItem(editKey(), JSON.stringify({ edits, focus }));
  });
  document.addEventListener("DOMContentLoaded", () => {
    const { edits, focus } = JSON.parse(sessionStorage.getItem(editKey()) ?? '{"edits": []}');
    sessionStorage.removeItem(editKey());
    for (const { id, was, typed } of edits) {
      const editor = byId(id);
      if (!editor) rescue(id, was, typed);
      else if (labelOf(editor) !== typed) {
        kept.set(id, { was, typed });
        editor.open = true; // "toggle" comes later, and fills the field
      }
    }
    if (focus && byId(focus)) byId(focus).focus();
  });

  // Added when deferred scripts and modules have run: Datastar's listener comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", patched));

  return { reason };
})();
