// Package source reads a schemas folder and says where everything in it stands.
//
// It owns the files' bytes, their JSON syntax, the position of every key and
// value, and the form in which faults are shown to people and machines. It does
// not know what a schema means: that is package model's business. Every package
// below codegen may import it; it imports none of ours.
//
// Invariant: whatever bytes a file holds, reading it ends, and ends with either
// a tree of nodes or a fault that has a position. Nothing here panics.
package source
