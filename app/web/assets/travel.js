// Travelling through a list's versions: the slider and the play button show
// versions without leaving the page, and the address follows; letting go leads to
// the version's own page.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const slider = () => byId("travel");
  let wanted = 0, shown = 0, busy = false, timer = 0, naming = 0, left = false;

  const path = (version) => `${slider().dataset.path}/${version}`;
  const travelling = () => wanted > 0;

  // Whoever travels is not thrown back: what changes meanwhile is on the page
  // that letting go leads to.
  window.addEventListener("datastar-fetch", (evt) => {
    if (travelling() && evt.detail.el.id === "updates" && evt.detail.type.startsWith("datastar-patch")) evt.stopImmediatePropagation();
  }, true);

  // preview shows the version that is wanted by now; those in between are left
  // out when they come faster than they can be shown.
  async function preview() {
    if (busy) return;
    busy = true;
    while (travelling() && shown !== wanted) {
      const version = wanted;
      try {
        const answer = await fetch(path(version), { headers: { Accept: "text/html" } });
        if (!answer.ok) break;
        show(new DOMParser().parseFromString(await answer.text(), "text/html"), version);
        shown = version;
      } catch {
        break; // letting go asks again
      }
    }
    busy = false;
  }

  function show(page, version) {
    if (!page.querySelector("#page > .sheet") || !travelling()) return;
    for (const part of ["#page > .sheet", ".steps"]) document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
    byId("page").classList.add("past");
    document.dispatchEvent(new CustomEvent("backstory-shown"));
    slider().setAttribute("aria-valuetext", `Version ${version}`);
    clearTimeout(naming);
    naming = setTimeout(name, 200, version); // browsers do not let an address change as fast as a slider
    for (const li of document.querySelectorAll("#history [aria-current]")) li.removeAttribute("aria-current");
    const entry = byId(`entry-v${version}`);
    if (!entry) return;
    entry.setAttribute("aria-current", "true");
    const list = byId("history");
    list.scrollTop += entry.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
  }

  // name gives the page the address of the version that it shows. The way back
  // leads to where the travel began.
  function name(version) {
    if (location.pathname === path(version)) return;
    history[left ? "replaceState" : "pushState"](null, "", path(version));
    left = true;
  }
  addEventListener("popstate", () => { if (left) location.reload(); });

  function arrive() {
    if (!travelling()) return;
    stop();
    clearTimeout(naming);
    left ? location.replace(path(wanted)) : location.assign(path(wanted));
  }

  // play goes on from the version shown to the last one.
  function play(button) {
    if (timer) return arrive();
    const range = slider();
    button.setAttribute("aria-pressed", "true");
    button.textContent = "❚❚";
    wanted = Number(range.value) < Number(range.max) ? Number(range.value) : 0;
    timer = setInterval(() => {
      if (busy) return; // show every version
      if (wanted >= Number(range.max)) return arrive();
      wanted += 1;
      range.value = wanted;
      preview();
    }, 450);
  }

  // stop leaves the version that is shown.
  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    byId("play").setAttribute("aria-pressed", "false");
    byId("play").textContent = "▶";
  }

  // Whoever does something else while versions are played means the one shown.
  function pause({ target }) {
    if (!timer || target.closest("#play")) return;
    stop();
    wanted = shown || wanted;
    slider().value = wanted;
  }
  addEventListener("pointerdown", pause, true);
  addEventListener("keydown", pause, true);

  document.addEventListener("input", (evt) => {
    if (evt.target.id !== "travel") return;
    stop();
    wanted = Number(evt.target.value);
    preview();
  });
  document.addEventListener("change", (evt) => { if (evt.target.id === "travel") arrive(); });
  document.addEventListener("click", (evt) => {
    const button = evt.target.closest("#play");
    if (button) play(button);
  });
  // A patch may set the value before the maximum, which would hold it down. Added
  // when Datastar's listener is there: it comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", () => {
    const range = slider();
    if (range && !travelling() && range.value !== range.getAttribute("value")) range.value = range.getAttribute("value");
  }));
  document.documentElement.dataset.script = ""; // what needs the script shows
})();
