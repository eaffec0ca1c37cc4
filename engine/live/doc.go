// Package live keeps pages in open browser tabs up to date over server-sent
// events, in Datastar's protocol.
//
// A Page is a path pattern, the topics of an engine.Hub that it depends on, and a
// function that renders its current fragment: one element with an id. A tab opens
// one stream for the page it shows, by an element with the expression Follow:
//
//	<div data-page="/greetings/Ada" data-init="…"></div>
//
// The Server that New makes answers GET /updates; what is known of a tab lives in
// the goroutine of its request:
//
//	         subscribe, render
//	request ─────────────────▶ whole fragment ─▶ idle ◀───────────────┐
//	                                              │ topic, or Every    │ sent, or the same as
//	                                              ▼ not before MinGap  │ before: not sent
//	                                            render ────────────────┘
//	                                              │ fails: again after Retry, the tab keeps what it shows
//	gone ◀── the client or the server ends, or the tab takes nothing for SendLimit
//
// What follows from that:
//
//   - Catch-up. The first event is the whole current fragment, so a tab that connects
//     again or wakes up shows the truth after one patch, without knowing what it
//     missed. There is no buffer of past events, hence none that can be too short.
//   - Small changes. The browser's morph turns a fragment into the least change of the
//     document, and compression (brotli, else gzip) whose window spans events turns it
//     into few bytes on the wire. Each event is flushed through the encoder at once.
//   - What people are at. The morph matches elements by their ids: focus, caret and
//     scroll survive a patch where every element that can have them has an id that
//     stays. What the browser itself changes, an open details element or the value of
//     a field, is kept where the element says so (data-preserve-attr="open value"),
//     what a script of the page's fills, where it is left alone (data-ignore-morph).
//     Browsers take the focus from an element that moves among its siblings: a page
//     whose rows move gives it back after the patch, in its own script.
//   - Backpressure. Changes coalesce while a tab is busy or its connection is full: at
//     most one rendered fragment is in hand per tab, and the next one is made from what
//     is true when the tab takes it. A slow tab slows nobody. One that takes nothing
//     for SendLimit is given up; its browser opens another stream when it can.
//   - Sharing. Tabs of a page with Share wait for one of them to render a change, once
//     for all, compressed once.
//   - Scope. Topics name what a page shows, one stream or read model, so a change wakes
//     the tabs that show it and no others.
//   - Presence. A Page with a Place is counted there; Presence says who else is, over
//     all processes of the app if it is given engine.Notes, and stores nothing.
//
// A program needs five things: Datastar's client, which it serves itself, and the
// element with Follow in its frame; a Config with its pages; a handler for GET
// /updates; Server.Close in http.Server.RegisterOnShutdown; and, with a Presence over
// several processes, its Run among the program's services. Write timeouts of the
// http.Server do not matter: the deadline of each event is set anew.
//
// It owns the streams: their compression, pace, heartbeat and end. It does not own
// sessions (wrap the handler), nor what a page shows, nor the page's first
// rendering: serve the same component in a frame of its own at the page's path. Any
// package that serves HTTP may import it; of the module it imports only engine.
//
// The invariant it keeps: a tab whose connection works shows, soon after the last
// change, what Render returns.
package live
