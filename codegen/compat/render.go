package compat

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// Render writes findings in a format; the tree is the new one. As text it shows
// the source lines, as JSON also the sets and the level of each finding, and for
// GitHub a warning is an annotation of that kind. Other errors than the writer's
// mean that the format does not exist.
func Render(w io.Writer, format source.Format, findings Findings, tree *source.Tree) error {
	switch format {
	case source.JSON:
		return renderJSON(w, findings)
	case source.GitHub:
		return renderGitHub(w, findings)
	}
	return source.Render(w, format, findings.Faults(), tree)
}

func renderJSON(w io.Writer, findings Findings) error {
	type object struct {
		File    string `json:"file"`
		Line    int    `json:"line"`
		Column  int    `json:"column"`
		Code    string `json:"code"`
		Sets    []Set  `json:"sets"`
		Level   string `json:"level"`
		Message string `json:"message"`
		Remedy  string `json:"remedy"`
	}
	list := make([]object, len(findings))
	for i, f := range findings {
		level := "warning"
		if f.Level == Break {
			level = "break"
		}
		list[i] = object{f.Pos.File, f.Pos.Line, f.Pos.Column, f.Code, f.Sets, level, f.Message, f.Remedy}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

func renderGitHub(w io.Writer, findings Findings) error {
	for _, f := range findings {
		var line bytes.Buffer
		if err := source.Render(&line, source.GitHub, source.Faults{f.Fault}, nil); err != nil {
			return err
		}
		text := line.String()
		if f.Level == Warning {
			text = strings.Replace(text, "::error ", "::warning ", 1)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}
