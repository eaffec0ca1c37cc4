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
    const text = other ? `${teller(now).by} changed this to “${now}” meanwhile. Saving replaces it.` : "";
    const slot = byId(editor.id.replace("editor", "meanwhile"));
    if (slot.textContent === text) return;
    slot.textContent = text;
    if (text) backstory.clearFaults(editor.querySelector("form")); // they were about what was there before
  }

  // teller is the latest line of the history about a text, where it is known who did
  // what.
  function teller(text, what = "") {
    for (const li of document.querySelectorAll("#history > .entry-line")) {
      const about = li.querySelector(".story .about:not(del)"), by = li.querySelector(".by"), title = li.querySelector(".what");
      if (by && title && (what ? title.textContent === what : about && about.textContent === text)) return { by: by.textContent, what: title.textContent };
    }
    return { by: "Somebody", what: "" };
  }

  // reason is why a text, or the list, cannot be changed any more.
  function reason(text) {
    const state = byId("page").dataset.state, { what, by } = state === "active" ? teller(text) : teller("", `List ${state}`);
    return what ? ` (${what} by ${by})` : "";
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
