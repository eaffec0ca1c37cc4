// Package web shows the TODO app: pages, their live updates, and the one way in
// for what people wish, POST /commands/{type}.
//
// It owns routes, sessions, HTML, styles and the little JavaScript of the app. It
// decides nothing: it turns forms into commands, waits for their outcome and
// shows it to the person who asked; what a page shows it reads from streams and
// projections through engine.Client. Only the app's main package imports it.
//
// A request takes this way: secure.go (headers, cross-site, size) → session.go
// (who) → pages.go or command.go → source.go (read) or engine.Client (submit) →
// *.templ. Errors become statuses in status.go and nowhere else.
//
// The invariants it keeps: everything works as plain HTML with forms, JavaScript
// only makes it live; no text of a user ever stands inside an expression; a patch
// never touches what somebody is typing.
package web

//go:generate go tool -modfile=../../tools/go.mod templ generate
