package emit_test

import (
	"go/format"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/google/go-cmp/cmp"
)

// odd are descriptions that gofmt sets anew: what it has done to them once must
// stay, or the generator and every editor would fight.
var odd = []string{
	"# Heading\n\n  - a list\n    * within\n1. and\n 2) numbers",
	"\tindented code\n\nfunc main() {}\n\n\n\nfar below   ",
	"+build ignore\ngo:generate rm\nline x.go:1\nexport X\nnolint:all\n//nolint",
	"[link]: https://example.com\n[other] https://example.com [model.X]",
	"``quotes''\n* * *\n---\n===\nDeprecated: no\nTODO(x): y\nBUG(z): w",
	"mixed\r\nends\rof\u2028lines\u2029and\ttabs\u00a0spaces\v\f",
	"- one\n\n- two\n\n\n- three\n  continued\n\nplain\n    code",
	"日本語 größe 😀 */ /* end", "", " ", "\n", "-", "1.", "#", "# ", "[x]:",
}

// TestGofmtChangesNothing formats what is emitted a second time, with the odd
// descriptions in turn on everything that has one: in several orders, so that each
// place gets several of them.
func TestGofmtChangesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range cases {
		for first := range 4 {
			sys, at := build(t, name), first*len(odd)/4
			describe(sys, func() string {
				at++
				return odd[at%len(odd)]
			})
			files, err := emit.Files(sys)
			if err != nil {
				t.Fatal(err)
			}
			stable(t, files)
		}
	}
}

func stable(t *testing.T, files map[string][]byte) {
	t.Helper()
	for path, data := range files {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		again, err := format.Source(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if string(again) != string(data) {
			t.Errorf("gofmt would change %s:\n%s", path, cmp.Diff(string(data), string(again)))
		}
	}
}

// describe gives every message, component, property and type another description.
func describe(sys *model.System, text func() string) {
	fields := func(o *model.Object) {
		if o == nil {
			return
		}
		for _, f := range o.Fields {
			f.Doc = text()
		}
	}
	for _, c := range sys.Contexts {
		for _, n := range c.Types {
			n.Doc = text()
			fields(n.Object)
		}
		for _, a := range c.Actors {
			a.Doc = text()
			fields(a.State)
			for _, m := range a.Commands {
				m.Doc = text()
				fields(m.Body)
			}
			for _, m := range a.Events {
				m.Doc = text()
				fields(m.Body)
			}
		}
		for _, p := range c.Projections {
			p.Doc = text()
		}
		for _, r := range c.Reactors {
			r.Doc = text()
		}
	}
}
