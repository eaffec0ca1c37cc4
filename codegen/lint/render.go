package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// Render writes the findings: one a line as text, an array of objects as JSON,
// one annotation a line for GitHub. Other errors than the writer's mean that
// the format does not exist.
func Render(w io.Writer, format source.Format, findings []Finding) error {
	switch format {
	case source.Text:
		return renderText(w, findings)
	case source.JSON:
		return renderJSON(w, findings)
	case source.GitHub:
		return renderGitHub(w, findings)
	}
	return fmt.Errorf("there is no format %q: write text, json or github", format)
}

func renderText(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%s: %s %s %s; %s\n", f.Pos, f.Level, f.Code, f.sentence(), f.Remedy); err != nil {
			return err
		}
	}
	return nil
}

// sentence is the message with the place in the schemas.
func (f Finding) sentence() string {
	if f.Schema.File == "" {
		return f.Message
	}
	return f.Message + " (declared in " + f.Schema.String() + ")"
}

func renderJSON(w io.Writer, findings []Finding) error {
	type place struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
	}
	type object struct {
		place
		Level   Level  `json:"level"`
		Code    string `json:"code"`
		Message string `json:"message"`
		Remedy  string `json:"remedy"`
		Schema  *place `json:"schema,omitempty"`
	}
	list := make([]object, len(findings))
	for i, f := range findings {
		list[i] = object{place: place(f.Pos), Level: f.Level, Code: f.Code, Message: f.Message, Remedy: f.Remedy}
		if f.Schema.File != "" {
			schema := place(f.Schema)
			list[i].Schema = &schema
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

// renderGitHub follows the workflow command syntax of GitHub Actions.
func renderGitHub(w io.Writer, findings []Finding) error {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	command := map[Level]string{Error: "error", Warning: "warning", Note: "notice"}
	for _, f := range findings {
		place := "file=" + property.Replace(f.Pos.File)
		if f.Pos.Line > 0 {
			place += ",line=" + strconv.Itoa(f.Pos.Line) + ",col=" + strconv.Itoa(f.Pos.Column)
		}
		text := message.Replace(f.sentence() + "\n→ " + f.Remedy)
		if _, err := fmt.Fprintf(w, "::%s %s,title=%s::%s\n", command[f.Level], place, property.Replace(f.Code), text); err != nil {
			return err
		}
	}
	return nil
}
