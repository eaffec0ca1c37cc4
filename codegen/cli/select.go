package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/plan"
)

// resolve finds a full name by its whole or its last parts, and says which
// names there are when it is not exactly one.
func resolve(all []string, context, name, what string) (string, error) {
	var found []string
	for _, full := range all {
		if context != "" && !strings.HasPrefix(full, context+".") {
			continue
		}
		if full == name {
			return full, nil
		}
		if strings.HasSuffix(full, "."+name) {
			found = append(found, full)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &plan.Wrong{Message: fmt.Sprintf("there is no %s %q: there is %s", what, name, some(all))}
	}
	return "", &plan.Wrong{Message: fmt.Sprintf("%s %q could be %s", what, name, some(found))}
}

func some(names []string) string {
	const most = 20
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func contexts(sys *model.System) (all []string) {
	for _, c := range sys.Contexts {
		all = append(all, c.Name)
	}
	return all
}

func components(sys *model.System) (all []string) {
	for _, c := range sys.Contexts {
		for _, a := range c.Actors {
			all = append(all, a.Type())
		}
		for _, p := range c.Projections {
			all = append(all, p.Type())
		}
		for _, r := range c.Reactors {
			all = append(all, r.Type())
		}
	}
	slices.Sort(all)
	return all
}

func messages(sys *model.System) (all []string) {
	for _, c := range sys.Contexts {
		for _, a := range c.Actors {
			for _, m := range a.Commands {
				all = append(all, m.Type)
			}
			for _, m := range a.Events {
				all = append(all, m.Type)
			}
		}
	}
	slices.Sort(all)
	return all
}
