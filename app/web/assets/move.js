// Moving items: by mouse and finger on the handle, by ↑ and ↓, with Alt or without. The list
// shows the new order at once; the form behind the handle tells the server.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const row = (el) => el.closest("li[data-item]");
  const rows = () => [...document.querySelectorAll("#items > li[data-item]")];

  // place wishes a row before another one; null: at the end.
  function place(li, before) {
    if (before === li || before === li.nextElementSibling) return;
    const form = byId("move-" + li.dataset.item);
    const to = before ? before.dataset.item : "";
    wishes.add(form, { before: to }, () => put(li.id, to), ({ next }) => put(li.id, next));
    li.scrollIntoView({ block: "nearest" });
    const all = rows();
    byId("announce").textContent = `${li.querySelector(".label").textContent}: place ${all.indexOf(li) + 1} of ${all.length}`;
    form.requestSubmit();
  }

  // put moves a row before another one. Browsers take the focus from what moves.
  function put(id, target) {
    const li = byId(id), before = byId("item-" + target), focused = document.activeElement;
    if (!li || li === before || li.nextElementSibling === before) return;
    li.parentNode.insertBefore(li, before);
    if (li.contains(focused)) focused.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (evt) => {
    if (!evt.target.matches(".handle") || evt.ctrlKey || evt.metaKey || evt.shiftKey || (evt.key !== "ArrowUp" && evt.key !== "ArrowDown")) return;
    evt.preventDefault();
    const li = row(evt.target), all = rows(), up = evt.key === "ArrowUp", to = all.indexOf(li) + (up ? -1 : 1);
    if (to >= 0 && to < all.length) place(li, up ? all[to] : all[to].nextElementSibling);
  });

  // A click on the handle sends its form on pages without script; here it drags.
  document.addEventListener("click", (evt) => {
    if (evt.target.closest(".handle")) evt.preventDefault();
  });

  let drag = null;
  document.addEventListener("pointerdown", (evt) => {
    const handle = evt.target.closest(".handle");
    if (!handle || evt.button !== 0) return;
    handle.setPointerCapture(evt.pointerId);
    drag = { li: row(handle), y: evt.pageY, at: evt.clientY, moved: false };
  });
  document.addEventListener("pointermove", (evt) => {
    if (!drag) return;
    drag.at = evt.clientY;
    if (!drag.moved && Math.abs(evt.pageY - drag.y) <= 4) return;
    if (!drag.moved) requestAnimationFrame(scroll);
    drag.moved = true;
    document.documentElement.dataset.dragging = "";
    drag.li.style.zIndex = 4;
    drawDrag();
  });
  function drawDrag() {
    drag.li.style.transform = `translateY(${drag.at + scrollY - drag.y}px)`;
    showGap(gapAt(drag.at));
  }
  // scroll goes on while a row is held near the window's upper or lower edge.
  function scroll() {
    const near = 60;
    if (!drag) return;
    const by = drag.at < near ? drag.at - near : Math.max(0, drag.at - innerHeight + near), before = scrollY;
    if (by) scrollBy({ top: by / 4, behavior: "instant" });
    if (scrollY !== before) drawDrag();
    requestAnimationFrame(scroll);
  }
  document.addEventListener("pointerup", (evt) => endDrag(evt, true));
  document.addEventListener("pointercancel", (evt) => endDrag(evt, false));
  document.addEventListener("keydown", (evt) => { // whatever has the focus: the drag is what is going on
    if (!drag || evt.key !== "Escape") return;
    evt.preventDefault();
    evt.stopPropagation();
    endDrag(evt, false);
  }, true);

  // gapAt is the row before which the dragged one would fall; null: at the end. Rows
  // that make room count where they lie without that.
  function gapAt(y) {
    const list = byId("items"), top = list.getBoundingClientRect().top - list.offsetTop;
    return rows().find((li) => li !== drag.li && y < top + li.offsetTop + li.offsetHeight / 2) || null;
  }
  // showGap lets the rows between make room where the dragged one would fall.
  function showGap(before) {
    const all = rows(), from = all.indexOf(drag.li), to = before ? all.indexOf(before) : all.length, height = drag.li.offsetHeight;
    all.forEach((li, i) => {
      if (li !== drag.li) li.style.transform = i > from && i < to ? `translateY(-${height}px)` : i < from && i >= to ? `translateY(${height}px)` : "";
    });
  }
  function endDrag(evt, drop) {
    if (!drag) return;
    const { li, moved } = drag, before = drop && moved ? gapAt(evt.clientY) : li;
    for (const each of rows()) each.removeAttribute("style");
    delete document.documentElement.dataset.dragging;
    drag = null;
    if (drop && moved && li.isConnected) place(li, before);
  }
})();
