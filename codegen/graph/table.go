package graph

import (
	"fmt"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// Messages returns the body of a context's README table: for each actor its
// commands, what they do, their events, and the reasons to refuse them.
func Messages(sys *model.System, context string) string {
	var b strings.Builder
	for _, c := range sys.Contexts {
		if c.Name != context {
			continue
		}
		for _, a := range c.Actors {
			if len(c.Actors) > 1 {
				fmt.Fprintf(&b, "**%s** (`%s`)\n\n", model.Label(a.Name), a.Type())
			}
			writeTable(&b, a)
		}
	}
	if b.Len() == 0 {
		return "No messages are described yet.\n"
	}
	return b.String()
}

func writeTable(b *strings.Builder, a *model.Actor) {
	b.WriteString("| command | what it does | events | refusals |\n|---|---|---|---|\n")
	for _, c := range a.Commands {
		name := "`" + c.Name + "`"
		if c.Internal {
			name += " (internal)"
		}
		events := make([]string, len(c.Emits))
		for i, e := range c.Emits {
			events[i] = "`" + e.Name + "`"
		}
		refusals := make([]string, len(c.Rejects))
		for i, r := range c.Rejects {
			refusals[i] = "`" + r.Code + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, escapeCell(c.Doc), strings.Join(events, " "), strings.Join(refusals, " "))
	}
	b.WriteByte('\n')
}

// cellEscapes keep text inside a cell, and from becoming Markdown.
var cellEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "*", `\*`, "[", `\[`, "]", `\]`)

// escapeCell writes a free text so that it stays one cell and cannot become
// markup: a description must not be able to end the block it stands in.
func escapeCell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return cellEscapes.Replace(text)
}
