package source

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Format is a way to show faults.
type Format string

// The formats of the --format flag.
const (
	Text   Format = "text"   // for people: message, source lines, remedy
	JSON   Format = "json"   // for programs: one array of objects
	GitHub Format = "github" // for GitHub Actions: one annotation a line
)

// Render writes the faults in a format. The tree gives the source lines of the
// text format and may be nil. Other errors than the writer's mean that the
// format does not exist.
func Render(w io.Writer, format Format, faults Faults, tree *Tree) error {
	switch format {
	case Text:
		return renderText(w, faults, tree)
	case JSON:
		return renderJSON(w, faults)
	case GitHub:
		return renderGitHub(w, faults)
	}
	return fmt.Errorf("there is no format %q: write text, json or github", format)
}

func renderText(w io.Writer, faults Faults, tree *Tree) error {
	var b strings.Builder
	for i, fault := range faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s %s\n", harmless(fault.Pos.String()), fault.Code, harmless(fault.Message))
		writeExcerpt(&b, fault.Pos, tree)
		if fault.Remedy != "" {
			fmt.Fprintf(&b, "  → %s\n", harmless(fault.Remedy))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeExcerpt(b *strings.Builder, pos Pos, tree *Tree) {
	file := tree.File(pos.File)
	if file == nil || pos.Line == 0 {
		return
	}
	for line := max(1, pos.Line-1); line <= pos.Line+1; line++ {
		text, ok := file.Line(line)
		if !ok {
			break
		}
		shown, caret := clip(text, pos.Column, line == pos.Line)
		fmt.Fprintf(b, "  %5d | %s\n", line, shown)
		if line == pos.Line {
			fmt.Fprintf(b, "        | %s^\n", caret)
		}
	}
}

// harmless replaces what could rewrite the terminal: names and lines of schemas
// may hold anything.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// clipWidth keeps minified files from flooding the terminal.
const clipWidth = 120

// clip cuts a long line around the column and returns it with the white space
// that puts a caret below that column.
func clip(text string, column int, around bool) (shown, caret string) {
	runes := []rune(harmless(text))
	start := 0
	if around && column > clipWidth*3/4 && len(runes) > clipWidth {
		start = column - clipWidth/2
	}
	end := min(len(runes), start+clipWidth)
	start = min(start, end)
	pad := make([]rune, 0, clipWidth)
	for i := start; i < column-1 && i < end; i++ {
		if runes[i] == '\t' {
			pad = append(pad, '\t') // a tab is as wide below as above
			continue
		}
		pad = append(pad, ' ')
	}
	shown = string(runes[start:end])
	prefix, suffix := "", ""
	if start > 0 {
		prefix = "… "
	}
	if end < len(runes) {
		suffix = " …"
	}
	return strings.TrimRight(prefix+shown+suffix, " \t"), strings.Repeat(" ", len([]rune(prefix))) + string(pad)
}

func renderJSON(w io.Writer, faults Faults) error {
	type object struct {
		File    string `json:"file"`
		Line    int    `json:"line"`
		Column  int    `json:"column"`
		Code    string `json:"code"`
		Message string `json:"message"`
		Remedy  string `json:"remedy"`
	}
	list := make([]object, len(faults))
	for i, f := range faults {
		list[i] = object{f.Pos.File, f.Pos.Line, f.Pos.Column, f.Code, f.Message, f.Remedy}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

// renderGitHub follows the workflow command syntax of GitHub Actions.
func renderGitHub(w io.Writer, faults Faults) error {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range faults {
		place := "file=" + property.Replace(f.Pos.File)
		if f.Pos.Line > 0 {
			place += ",line=" + strconv.Itoa(f.Pos.Line) + ",col=" + strconv.Itoa(f.Pos.Column)
		}
		text := f.Message
		if f.Remedy != "" {
			text += "\n→ " + f.Remedy
		}
		if _, err := fmt.Fprintf(w, "::error %s,title=%s::%s\n", place, property.Replace(f.Code), message.Replace(text)); err != nil {
			return err
		}
	}
	return nil
}
