// Package todos decides: it implements the handlers that are generated from
// schemas/todos. It owns the rules of the todo lists and nothing else.
//
// It imports generated/todos and engine, never SQL, HTTP or a database driver;
// the wiring and the pages may import it. Every function here is pure: the same
// state and message always give the same result, so history can be decided,
// folded and tested again at any time.
package todos
