package source

import (
	"cmp"
	"fmt"
	"strings"
)

// Pos is a place in a schema file. Line and Column count from 1; Column counts
// Unicode code points, as editors do. The zero Pos means "the whole file".
type Pos struct {
	File   string // slash-separated, relative to the project's folder, e.g. schemas/todos/list/actor.json
	Line   int
	Column int
}

// String renders the position as editors and terminals make it clickable.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Compare orders positions by file, line and column: below zero when p comes
// before q.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}
