package scaffold

import (
	"regexp"
	"slices"
	"strings"
)

// orphans lists the methods that look like a handler's and are none.
func (c *code) orphans(needs []*need) []string {
	needed := func(w *written) bool {
		return slices.ContainsFunc(needs, func(n *need) bool {
			return slices.ContainsFunc(n.methods, func(m *method) bool { return m.fits(w) })
		})
	}
	shape := newShape(c.module)
	var list []string
	for _, w := range c.methods {
		if !needed(w) && shape.handler(w) {
			list = append(list, w.place+": "+w.typ+"."+w.name)
		}
	}
	return list
}

// shape tells handlers' methods from others.
type shape struct {
	generated string
	upcast    *regexp.Regexp
}

func newShape(module string) shape {
	return shape{module + "/generated/", regexp.MustCompile(`^Upcast.*V[0-9]+$`)}
}

// handler says whether a method takes an emitter, a dispatcher, a state with an
// event, rows with an event, or upcasts.
func (s shape) handler(w *written) bool {
	var generated []string
	for _, p := range w.params {
		if strings.HasPrefix(p.pkg, s.generated) {
			generated = append(generated, p.name)
		}
	}
	if len(generated) == 0 {
		return false
	}
	last := generated[len(generated)-1]
	folds := generated[0] == "State" || generated[0] == "Rows"
	switch {
	case strings.HasSuffix(last, "Emitter"), strings.HasSuffix(last, "Dispatcher"):
		return true
	case len(generated) == 2 && folds && last == w.name:
		return true
	}
	return len(w.params) == 1 && s.upcast.MatchString(w.name)
}
