// Travelling through a list's versions without leaving the page. While somebody
// pulls the slider, plays or holds an arrow, versions are shown as fast as they
// come; where they rest, the page follows that version like any other.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const slider = () => byId("travel");
  const base = () => byId("page").dataset.path; // of the list now; undefined: another page
  const path = (version) => version < slider().max || !moving ? `${base()}/${version}` : base();
  let wanted = 0, shown = 0, busy = false, timer = 0, rest = 0, naming = 0, named = false, moving = false, paused = 0;
  let arriving = null; // the updates of a page that was gone to, until it is there

  const travelling = () => wanted > 0 || timer > 0;

  // Whoever travels is not thrown back: what changes meanwhile is on the page
  // that they arrive at. What a page that was left still gets is not shown, either.
  window.addEventListener("datastar-fetch", (evt) => {
    const { el, type } = evt.detail;
    if (el.id !== "updates" || !type.startsWith("datastar-patch")) return;
    if (travelling() || el !== byId("updates")) evt.stopImmediatePropagation();
  }, true);

  // ---- On the way ----------------------------------------------------------

  // preview shows the version that is wanted by now; those in between are left
  // out when they come faster than they can be shown.
  async function preview() {
    if (busy) return;
    busy = true;
    while (travelling() && shown !== wanted) {
      const version = wanted, then = paused;
      try {
        const answer = await fetch(`${base()}/${version}`, { headers: { Accept: "text/html" } });
        if (!answer.ok) break;
        const text = await answer.text();
        if (then !== paused) continue; // nothing changes under the pointer
        show(new DOMParser().parseFromString(text, "text/html"), version);
        shown = version;
      } catch {
        stay();
        break;
      }
    }
    busy = false;
  }

  // stay ends a travel that the network ended, with the version that the page shows.
  function stay() {
    const version = Number(byId("version").value);
    stop();
    clearTimeout(rest);
    backstory.say(`The server could not be reached. This is still version ${version}.`, "bad");
    if (shown) return follow(`${base()}/${shown}`);
    wanted = 0;
    named = moving = false;
    set(version);
  }

  function show(page, version) {
    if (!page.querySelector("#page > .sheet") || !travelling()) return;
    const focused = document.activeElement.id;
    for (const part of ["#page > .sheet", ".steps"]) document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
    if (focused && byId(focused) !== document.activeElement && byId(focused)) byId(focused).focus({ preventScroll: true });
    byId("page").classList.add("past");
    document.dispatchEvent(new CustomEvent("backstory-shown"));
    set(version);
    slider().setAttribute("aria-valuetext", page.querySelector("#travel").getAttribute("aria-valuetext"));
    clearTimeout(naming);
    naming = setTimeout(name, 200, `${base()}/${version}`); // browsers do not let an address change as fast as a slider
    if (!byId(`entry-v${version}`)) for (const part of ["history", "older"]) byId(part).replaceChildren(...page.getElementById(part).childNodes); // too long ago for those that show
    for (const li of document.querySelectorAll("#history [aria-current]")) li.removeAttribute("aria-current");
    const event = byId(`entry-v${version}`), entry = event && (event.closest("details:not([open])")?.closest("li") || event);
    if (!entry) return;
    entry.setAttribute("aria-current", "true");
    timeline.reveal();
  }

  // name gives the page the address of what it shows. The way back leads to where
  // the travel began, not through all that was passed.
  function name(address) {
    clearTimeout(naming);
    if (location.pathname + location.search === address) return;
    history[named ? "replaceState" : "pushState"](null, "", address);
    named = true;
  }

  // set says where the slider stands: to the eye, and until the page arrives there.
  function set(version) {
    slider().value = version;
    slider().setAttribute("value", version);
  }

  // go travels to a version and rests there, if nothing else is wished meanwhile.
  function go(version) {
    wanted = Math.min(Math.max(version, 1), Number(slider().max));
    set(wanted);
    moving = true; // the newest version is the present to whoever comes from an older one
    preview();
    clearTimeout(rest);
    rest = setTimeout(arrive, 250);
  }

  function arrive() {
    if (!travelling()) return;
    const address = path(wanted);
    stop();
    follow(address);
  }

  // follow ends the travel at an address.
  function follow(address) {
    const known = shown && address === `${base()}/${shown}` && slider().getAttribute("aria-valuetext");
    clearTimeout(rest);
    name(address);
    wanted = shown = 0;
    named = moving = false;
    arriving = backstory.follow(address);
    byId("announce").textContent = address === base() ? "The list as it is now" : known || `Version ${parseInt(address.slice(base().length + 1), 10)}`;
  }

  // ---- Playing -------------------------------------------------------------

  // play goes on from the version shown to the last one.
  function play() {
    if (timer) return arrive();
    const range = slider(), last = Number(range.max), from = Number(range.value);
    clearTimeout(rest);
    wanted = from < last ? from : 0;
    moving = true;
    timer = setInterval(() => {
      if (busy) return; // show every version
      if (wanted >= Number(range.max)) return arrive();
      wanted += 1;
      preview();
    }, 450);
    offer("Pause", "Pause", "❚❚");
  }

  // offer says what the button does now.
  function offer(spoken, title, sign) {
    const button = byId("play");
    button.setAttribute("aria-label", spoken);
    Object.assign(button, { title, textContent: sign });
    button.toggleAttribute("data-playing", timer > 0);
  }

  // stop leaves the version that is shown.
  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    offer("Play the versions", "Play", "▶");
  }

  // Whoever does something else while versions are played means the one shown.
  function pause({ target }) {
    if (!timer || target.closest("#play")) return;
    stop();
    paused++;
    wanted = shown || wanted;
    slider().value = wanted;
  }
  addEventListener("pointerdown", pause, true);
  addEventListener("keydown", pause, true);

  // ---- What travels --------------------------------------------------------

  document.addEventListener("input", ({ target }) => {
    if (target.id !== "travel") return;
    stop();
    clearTimeout(rest);
    wanted = Number(target.value);
    moving = true;
    preview();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === "travel") go(Number(target.value));
  });

  // step goes by one version, from the one that is wanted already.
  function step(by) {
    const now = wanted || Number(slider().value);
    if (by > 0 && now >= Number(slider().max)) return byId("page").classList.contains("past") && follow(base());
    go(now + by);
  }
  document.addEventListener("keydown", (evt) => {
    const plain = !evt.altKey && !evt.ctrlKey && !evt.metaKey && !evt.shiftKey, by = { ArrowLeft: -1, ArrowRight: 1 }[evt.key];
    if (!plain || !by || !slider() || evt.target.matches("input, textarea, select")) return;
    evt.preventDefault();
    step(by);
  });

  // Links and forms to versions of the same list travel, too.
  document.addEventListener("click", (evt) => {
    const button = evt.target.closest("#play"), link = evt.target.closest("a[href]");
    if (button) return play();
    if (!link || !slider() || evt.button || evt.altKey || evt.ctrlKey || evt.metaKey || evt.shiftKey || link.hash || !within(link)) return;
    evt.preventDefault();
    const by = { back: -1, forward: 1 }[link.dataset.step];
    if (by) return step(by);
    stop();
    if (link.matches(".pager a")) byId("history").scrollTop = 0; // older ones begin where these did
    if (link.matches(".version") && getComputedStyle(link.closest(".history")).position === "static") scrollTo({ top: 0, behavior: "instant" }); // the list lies above
    follow(link.pathname + link.search);
  });
  document.addEventListener("submit", (evt) => {
    const form = evt.target;
    if (!form.matches(".jump") || !slider()) return;
    evt.preventDefault();
    const version = form.elements.version, other = form.elements.with;
    follow(version ? `${base()}/${Number(version.value)}` : `${new URL(form.action).pathname}?with=${Number(other.value)}`);
  });

  function within({ origin, pathname }) {
    return origin === location.origin && (pathname === base() || pathname.startsWith(base() + "/"));
  }

  addEventListener("popstate", () => {
    const address = location.pathname + location.search;
    if (!base() || !travelling() && byId("updates").dataset.page === address) return; // within the page
    stop();
    follow(address);
  });

  // What cannot be followed is an error's page.
  document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
    if (type === "error" && el === byId("updates") && ["404", "410"].includes(String(argsRaw.status))) location.assign(el.dataset.page);
  });

  // The history goes along with whoever goes to another version. And a patch may set
  // the slider's value before the maximum, which would hold it down. Added when
  // Datastar's listener is there: it comes first.
  document.addEventListener("DOMContentLoaded", () => document.addEventListener("datastar-fetch", ({ detail: { type, el } }) => {
    if (arriving === el && type === "datastar-patch-elements") {
      arriving = null;
      timeline.arrive();
    }
    const range = slider();
    if (range && !travelling() && range.value !== range.getAttribute("value")) range.value = range.getAttribute("value");
  }));
  document.documentElement.dataset.script = ""; // what needs the script shows
})();
