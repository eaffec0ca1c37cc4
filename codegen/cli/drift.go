package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
)

// maxDiffLines keeps one changed file from hiding the others.
const maxDiffLines = 200

// drift prints what check found, in the chosen format.
func (a *app) drift(p *plan.Plan) error {
	if len(p.Changes) == 0 {
		a.say("%s as the schemas have them", count(len(p.Files), "file"))
	}
	var text []byte
	var err error
	switch source.Format(a.format) {
	case source.JSON:
		text, err = driftJSON(p)
	case source.GitHub:
		text = driftGitHub(p)
	default:
		text = driftText(p)
	}
	if err != nil {
		return err
	}
	_, err = a.out.Write(text)
	return err
}

func driftText(p *plan.Plan) []byte {
	var out bytes.Buffer
	for _, c := range p.Changes {
		fmt.Fprintf(&out, "%-7s %s\n", c.State, c.Path)
	}
	for _, c := range p.Changes {
		fmt.Fprintf(&out, "\n%s: %s\n%s", c.Path, meaning(c), clip(c.Diff()))
	}
	if len(p.Changes) > 0 {
		fmt.Fprintf(&out, "\n%s. To mend: %s\n", totals(p), mend(p))
	}
	return out.Bytes()
}

func driftJSON(p *plan.Plan) ([]byte, error) {
	type object struct {
		File   string     `json:"file"`
		State  plan.State `json:"state"`
		Text   string     `json:"message"`
		Remedy string     `json:"remedy"`
		Diff   string     `json:"diff"`
	}
	list := make([]object, len(p.Changes))
	for i, c := range p.Changes {
		list[i] = object{c.Path, c.State, meaning(c), remedy(p, c), c.Diff()}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(list)
	return out.Bytes(), err
}

// driftGitHub follows the workflow command syntax of GitHub Actions.
func driftGitHub(p *plan.Plan) []byte {
	var out bytes.Buffer
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, c := range p.Changes {
		fmt.Fprintf(&out, "::error file=%s,title=%s::%s\n", property.Replace(c.Path), c.State, message.Replace(meaning(c)+"\n→ "+remedy(p, c)))
	}
	return out.Bytes()
}

// meaning says what a state means for this file.
func meaning(c plan.Change) string {
	switch {
	case c.Foreign && c.New == nil:
		return "this file is edited or foreign: it stands where only the generator writes, and is not as the generator left it"
	case c.Foreign:
		return "somebody's own file stands where one is to be generated"
	case c.State == plan.Stale:
		return "this is not what the schemas say now"
	case c.State == plan.Missing:
		return "this file is to be generated and is not there"
	case c.State == plan.Orphan:
		return "this file is not generated any more"
	}
	return "this is neither what was generated nor what is to be: it was edited, or merged"
}

func remedy(p *plan.Plan, c plan.Change) string {
	if c.Foreign {
		return "move what you want to keep, delete the file, then " + p.Project.Command("generate")
	}
	return p.Project.Command("generate")
}

func mend(p *plan.Plan) string {
	if foreign := p.Foreign(); len(foreign) > 0 {
		return remedy(p, foreign[0])
	}
	return p.Project.Command("generate")
}

func totals(p *plan.Plan) string {
	var parts []string
	for _, state := range []plan.State{plan.Stale, plan.Missing, plan.Orphan, plan.Edited} {
		n := 0
		for _, c := range p.Changes {
			if c.State == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

func clip(diff string) string {
	lines := strings.SplitAfter(diff, "\n")
	if len(lines) <= maxDiffLines {
		return diff
	}
	return strings.Join(lines[:maxDiffLines], "") + fmt.Sprintf("… %d more lines\n", len(lines)-maxDiffLines)
}
