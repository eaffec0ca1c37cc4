// Package live keeps pages in open browser tabs up to date over server-sent
// events, in Datastar's protocol.
//
// A Page is a path pattern, the topics of an engine.Hub that it depends on, and a
// function that renders its current fragment: one element with an id. A tab opens
// one stream for the page it shows. The first event is the whole current
// fragment, so a tab that connects again or wakes up catches up without knowing
// what it missed; after it comes the whole fragment again each time a topic
// changed and the fragment with it. The browser's morph turns that into the
// smallest change of the document, and compression with a window that spans
// events turns it into few bytes on the wire.
//
// It owns the streams: their compression, pace, heartbeat and end. It does not own
// sessions (wrap the handler), nor what a page shows. Any package that serves
// HTTP may import it; of the module it imports only engine.
//
// The invariant it keeps: a tab whose connection works shows, soon after the last
// change, what Render returns. Changes coalesce while a tab is busy, so a slow
// tab costs no memory and slows nobody; each tab is served by the goroutine of
// its request alone. Tabs of a page that is shared (Page.Share) wait for one of
// them to render it, once for all.
package live
