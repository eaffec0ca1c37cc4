// Package starter makes a new project of a user's own: a module with one small
// context, its decisions, a page that follows the log, and the hook.
//
// It owns the files that a project starts with (below files/, where a name that
// ends in .tmpl loses that ending) and how they are told the module's path. It
// reads nothing of the new project and generates nothing: it runs the go command
// there, as its user will. Only package cli imports it.
//
// Invariant: a folder that holds anything is left as it is.
package starter
