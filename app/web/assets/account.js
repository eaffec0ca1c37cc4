// Who is signed in is the same in all windows of a browser. Whoever signed out in one
// is asked in the others, too, and comes back to what each of them showed.
"use strict";

const account = (() => {
  const windows = "BroadcastChannel" in window ? new BroadcastChannel("account") : null;
  const user = () => document.body.dataset.user;

  // leave asks who it is. Words that are not stored lie in their fields by now, and the
  // pages keep those; unsent is what found no field.
  function leave(unsent) {
    const words = unsent.length ? ` Not added: ${unsent.map((text) => `“${text}”`).join(", ")}.` : "";
    sessionStorage.setItem("said", `You have been signed out.${words}`);
    sessionStorage.setItem("left", location.pathname + location.search);
    location.reload(); // to the login, which leads back
  }

  function back() {
    const left = sessionStorage.getItem("left");
    sessionStorage.removeItem("left");
    location.assign(left || "/");
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (user()) sessionStorage.removeItem("left");
    const field = sessionStorage.getItem("left") && document.getElementById("username");
    if (field) { // keys that were meant for the page that was left name nobody
      field.blur();
      requestAnimationFrame(() => field.blur());
    }
    if (!windows) return;
    windows.onmessage = ({ data }) => {
      if (data === "out" && user()) leave([]);
      if (data === "in" && document.querySelector("main.login")) back();
    };
    if (user()) windows.postMessage("in");
    else if (document.querySelector("main.login")) windows.postMessage("out");
  });

  return { leave };
})();
