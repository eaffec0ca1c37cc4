package source

import "fmt"

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

// Less orders positions by file, line and column.
func (p Pos) Less(q Pos) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Column < q.Column
}
