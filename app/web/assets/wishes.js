// Wishes: what a person checked or moved shows at once, through every patch, until
// the page's own version shows what became of it.
"use strict";

const wishes = (() => {
  const all = new Map(); // form id → {row, fields, show, undo, until}
  const page = () => document.getElementById("page"), past = () => page().classList.contains("past");

  // What the server's page says of each row, whatever is wished: row id → {at, next,
  // checked}. It follows from the version, and is read before the wishes cover it.
  let known = new Map(), version = "";
  function learn() {
    const rows = [...document.querySelectorAll("#items > li[data-item]")];
    version = page().dataset.version;
    known = new Map(rows.map((li, at) => [li.id, { at, next: rows[at + 1] ? rows[at + 1].dataset.item : "", checked: checked(li) }]));
  }
  const checked = (li) => li.querySelector("[role=checkbox]")?.getAttribute("aria-checked");

  // add wishes something of a form's row: fields are sent with the form, show shows
  // it, undo shows what is known of the row.
  function add(form, fields, show, undo) {
    if (!all.size) learn();
    all.set(form.getAttribute("id"), { row: form.closest("li[data-item]").id, fields, show, undo });
    show();
  }

  // end shows what the server says, and the other wishes on it. Rows go back from the
  // last one on, so that what each stands before is in its place.
  function end(form) {
    const wished = past() ? [] : [...all.values()].filter(({ row }) => known.has(row));
    if (!all.delete(form)) return;
    wished.sort((a, b) => known.get(b.row).at - known.get(a.row).at);
    for (const { undo, row } of wished) undo(known.get(row));
    show();
  }

  // stored ends a wish once the page shows the version that it led to.
  function stored(form, until) {
    if (Number(page().dataset.version) >= until) end(form);
    else if (all.has(form)) all.get(form).until = until;
  }

  function show() {
    if (!past()) for (const each of all.values()) each.show();
  }

  // patched is called after each patch, which shows only what the server knows.
  function patched() {
    if (all.size && !past() && page().dataset.version !== version) learn();
    for (const [form, { until }] of [...all]) if (until <= Number(page().dataset.version)) all.delete(form);
    show();
  }

  return { add, end, stored, patched, of: (form) => all.get(form) };
})();
