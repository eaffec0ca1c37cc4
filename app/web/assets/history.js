// The reader's place among lines that come newest first: whoever points at one,
// has the focus in one, or has scrolled down to it, keeps it where it is while new
// ones come in above. Browsers do this by themselves only for who has scrolled, and
// not all of them.
"use strict";

const timeline = (() => {
  let mouse = false; // a finger that left keeps hovering
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let kept = []; // of the patch under way: {list, height, line, top}
  const held = new Map(); // list → its scrollTop, while it is only scrolled to hold a line that somebody points at

  const lists = () => document.querySelectorAll(".timeline");
  const top = (el) => el.getBoundingClientRect().top;
  const scrolls = (list) => getComputedStyle(list).overflowY === "auto"; // else the window does
  const inUse = (list) => (mouse && list.querySelector(":scope > :hover")) || list.querySelector(":scope > :has(:focus-visible)");

  // lineOf is the line that should stay where it is; null: the reader is at the top.
  function lineOf(list) {
    const start = scrolls(list) ? top(list) : 0;
    const scrolled = scrolls(list) ? list.scrollTop > 0 : top(list) < 0;
    return inUse(list) || (scrolled && [...list.children].find((li) => li.getBoundingClientRect().bottom > start)) || null;
  }

  window.addEventListener("datastar-fetch", (evt) => {
    if (evt.detail.type !== "datastar-patch-elements") return;
    kept = [];
    for (const list of lists()) {
      const line = lineOf(list);
      if (line) kept.push({ list, height: list.offsetHeight, line, top: top(line) });
    }
  }, true);

  // keep is called after a patch. A list that is not full yet keeps its height, so
  // that there is something to scroll.
  function keep() {
    for (const { list, height, line, top: was } of kept) {
      const moved = line.isConnected ? top(line) - was : 0;
      if (!moved) continue;
      if (!scrolls(list)) { window.scrollBy({ top: moved, behavior: "instant" }); continue; }
      const hold = held.has(list) || list.scrollTop === 0;
      if (hold) list.style.height = `${height}px`;
      list.scrollTop += moved;
      if (hold) held.set(list, list.scrollTop);
    }
    kept = [];
  }

  // release shows what came in, once nobody points at a line any more.
  function release() {
    for (const [list, at] of held) {
      if (inUse(list)) continue;
      const scrolled = list.scrollTop !== at; // by the reader
      held.delete(list);
      list.style.height = "";
      if (!scrolled) list.scrollTo({ top: 0, behavior: calm.matches ? "instant" : "smooth" });
    }
  }
  document.addEventListener("pointerover", (evt) => {
    mouse = evt.pointerType === "mouse";
    release();
  });
  document.addEventListener("focusout", () => requestAnimationFrame(release));

  // reveal brings the line of the version shown into sight, within the history alone,
  // so that the page stays where it is; where none is, the newest ones.
  function reveal() {
    const list = document.getElementById("history"), line = list && list.querySelector("[aria-current]");
    if (!line) { if (list) list.scrollTop = 0; return; }
    const box = line.getBoundingClientRect(), view = list.getBoundingClientRect();
    if (box.top < view.top || box.bottom > view.bottom) list.scrollTop += box.top - view.top - list.clientHeight / 2;
  }
  document.addEventListener("DOMContentLoaded", reveal);

  // arrive does so for whoever came from elsewhere: who chose a line keeps it.
  function arrive() {
    if (!inUse(document.getElementById("history"))) reveal();
  }

  // Added when Datastar's listener is there: it comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", keep));

  return { reveal, arrive };
})();
