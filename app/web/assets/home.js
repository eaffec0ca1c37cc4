// The home page: a search while somebody types, and lists that stay where they are
// while somebody points at one or has the focus in it. Whoever does so sees changes
// in place; the order of now, and what came in, show once they have left.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const shelves = () => document.querySelectorAll(".cards");
  const ids = (shelf) => [...shelf.children].map((li) => li.id);
  const top = (el) => el.getBoundingClientRect().top;

  // ---- The search ----------------------------------------------------------

  let typing = 0, sought = false;
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "find") return;
    clearTimeout(typing);
    typing = setTimeout(search, 200, target.form);
  });
  document.addEventListener("submit", (evt) => {
    if (evt.target.id !== "finder") return;
    evt.preventDefault();
    clearTimeout(typing);
    search(evt.target);
  });

  // search makes the page the one that the form would lead to.
  function search(form) {
    const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
    const address = fields.size ? `/?${fields}` : "/";
    if (address === location.pathname + location.search) return;
    history.replaceState(null, "", address);
    backstory.follow(address);
    sought = true;
  }

  // tell says to who cannot see it what the search came to.
  function tell() {
    if (!sought) return;
    sought = false;
    byId("announce").textContent = byId("found") ? byId("found").firstChild.textContent : "All lists";
  }

  // ---- The reader's place --------------------------------------------------

  let mouse = false; // a finger that left keeps hovering
  let kept = null;   // of the patch under way: the lines of a shelf that is in use, and where they are
  const order = new Map(); // id of a shelf that is kept → its order of now

  const lineIn = (shelf) => (mouse && shelf.querySelector(":scope > :hover")) || shelf.querySelector(":scope > :has(:focus-visible)");
  const inUse = () => [...shelves()].find(lineIn);

  window.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
    if (type !== "datastar-patch-elements" || el.id !== "updates") return;
    kept = null;
    const shelf = !sought && inUse();
    if (!shelf) return release();
    const line = lineIn(shelf), lines = [...shelf.children];
    kept = { height: line.offsetHeight, lines: lines.slice(lines.indexOf(line)).map((li) => ({ li, top: top(li) })), shelf };
    argsRaw.elements = inOldOrder(argsRaw.elements, shelf);
  }, true);

  // inOldOrder gives the page with a shelf's lines where they are; others come last.
  function inOldOrder(html, shelf) {
    const page = new DOMParser().parseFromString(html, "text/html"), next = page.getElementById(shelf.id);
    if (!next) return html;
    order.set(shelf.id, ids(next));
    const old = ids(shelf), place = (li) => (old.includes(li.id) ? old.indexOf(li.id) : old.length);
    next.append(...[...next.children].sort((a, b) => place(a) - place(b)));
    return page.body.innerHTML;
  }

  // keep is called after a patch. What stands below lines that are gone stays where
  // it is; what was pushed down is scrolled to.
  function keep() {
    tell();
    if (!kept) return;
    const { lines, shelf } = kept, line = lines.find(({ li }) => li.parentElement === shelf && li.isConnected);
    kept = null;
    if (!line) return;
    const moved = top(line.li) - line.top, gap = parseFloat(line.li.style.marginTop) || 0;
    if (moved < 0 || gap) line.li.style.marginTop = `${Math.max(0, gap - moved)}px`;
    const below = top(line.li) - line.top;
    if (below <= 0) return;
    const room = document.documentElement.scrollHeight - innerHeight - scrollY;
    if (room < below) document.body.style.minHeight = `${document.documentElement.scrollHeight + below - room}px`;
    scrollBy({ top: below, behavior: "instant" });
  }

  // release shows the order of now, once nobody points at a line any more.
  function release() {
    if (!order.size || inUse()) return;
    for (const [id, lines] of order) {
      const shelf = byId(id);
      if (shelf) for (const li of lines.map(byId)) if (li && li.parentElement === shelf) shelf.append(li);
    }
    order.clear();
    for (const li of document.querySelectorAll(".cards > [style]")) li.removeAttribute("style");
    document.body.style.minHeight = "";
  }
  document.addEventListener("pointerover", (evt) => {
    mouse = evt.pointerType === "mouse";
    release();
  });
  document.documentElement.addEventListener("mouseleave", release);
  document.addEventListener("focusout", () => requestAnimationFrame(release));

  // Added when Datastar's listener is there: it comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", ({ detail: { type, el } }) => {
    if (type === "datastar-patch-elements" && el.id === "updates") keep();
  }));
})();
