// Toasts: what is to be said of what somebody did and has no field to stand beside.
"use strict";

const toasts = (() => {
  const all = (css = "") => document.querySelectorAll(`.toast${css}`);

  // say puts a toast up; kind is "bad" or "".
  function say(message, kind) {
    const div = Object.assign(document.createElement("div"), { className: `toast ${kind}` });
    div.append(Object.assign(document.createElement("p"), { textContent: message }));
    div.append(Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×", ariaLabel: "Dismiss" }));
    div.lastChild.dataset.close = "";
    document.getElementById("toasts").append(div);
    expire();
  }

  // expire lets toasts go after a while, unless somebody reads or points at them.
  function expire() {
    for (const toast of all(":not([data-seen])")) {
      for (const old of all("[data-seen]")) if (old.textContent === toast.textContent) old.remove(); // said once, for longer
      toast.dataset.seen = "";
      const leave = () => toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove();
      setTimeout(leave, 9000);
    }
  }

  // overtake takes away refusals of before something was done.
  function overtake() {
    for (const toast of all("[data-refused]")) toast.remove();
  }

  // patched is called after each patch. Another state of the list makes untrue what
  // was refused in the one before.
  let state = "";
  function patched() {
    const page = document.getElementById("page"), now = page.dataset.state, words = page.querySelector(".banner.gone strong, .foot > .notice > :first-child");
    if (now !== state) for (const toast of all("[data-refused][data-seen]")) toast.remove();
    if (state && now !== state && words && !page.classList.contains("past")) document.getElementById("announce").textContent = words.textContent; // it may be out of sight
    state = now;
    expire();
  }

  // What the page before had to say of this one, which it led to.
  document.addEventListener("DOMContentLoaded", () => {
    if (sessionStorage.getItem("said")) say(sessionStorage.getItem("said"), "");
    sessionStorage.removeItem("said");
  });

  return { say, overtake, patched };
})();
