// Package model turns schema files into the System that emitters read: every
// name resolved, every type of the profile worked out, everything sorted.
//
// It owns the meaning of the dialect and the wording of its faults. It does not
// read the disk (package source does) and writes no Go, SQL or picture (the
// emitters do). Packages below codegen may import it; it imports package source
// and package dialect only.
//
// Invariant: Build returns either a System without any fault or every fault
// that the schemas have, in one run; and it ends, whatever the files hold.
//
// # Names in Go
//
// A message, component, $defs entry, refusal code or query is called by its
// name in camel case (add_item becomes AddItem), with the initialisms id url uri
// uuid api html http https json sql ip ai in capitals. An older version of an event is
// called <Event>V<N>. A nested object, enum or union is called by its path:
// <Owner><Property>; the element of an array and the value of a map by the
// singular of that path, so items of State are StateItem (StateDataItem where
// the name has no plural). An arm of a union is called <Union><value of the tag>,
// a value of an enum <Enum><value>. The $defs of an older version of an event
// begin with that version's name, since they are copies of the current ones.
// x-go-name overrides the last part, and the whole for an element or a $defs entry.
//
// A constant has a Go type only where it may be absent, be null instead, or stand
// in a list; that, too, is called by its path. It is no member of Component.Types.
//
// Messages, State and Row are no members of Component.Types, though they are
// Named wherever another schema refers to them.
package model
