package catalog

import (
	"fmt"
	"regexp"
	"strings"
)

// inlineEscapes keep text from becoming Markdown.
var inlineEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`, "~", `\~`, "$", `\$`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;")

// inline writes a free text on one line, so that it stays text wherever it
// stands, in a table too.
func inline(text string) string {
	return inlineEscapes.Replace(strings.Join(strings.Fields(text), " "))
}

var (
	paragraphEnd = regexp.MustCompile(`\r?\n\s*\n`)
	listStart    = regexp.MustCompile(`^([-+=]|[0-9]+[.)])`)
)

// block writes a free text with its paragraphs. A paragraph that begins like an
// element of a list stays one.
func block(text string) string {
	var out []string
	for _, paragraph := range paragraphEnd.Split(text, -1) {
		line := inline(paragraph)
		if start := listStart.FindString(line); start != "" {
			line = start[:len(start)-1] + `\` + line[len(start)-1:]
		}
		if line != "" {
			out = append(out, line+"\n")
		}
	}
	return strings.Join(out, "\n")
}

// firstSentence is what a list shows of a description.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		return text[:i+1]
	}
	return text
}

// code writes a text of a program. Where backticks cannot hold it, it becomes
// HTML in which nothing is left that Markdown knows.
func code(text string) string {
	if text != "" && !strings.ContainsAny(text, "`|\r\n") && strings.TrimSpace(text) == text {
		return "`" + text + "`"
	}
	var out strings.Builder
	for _, r := range text {
		if r == ' ' || r > '~' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "&#%d;", r)
	}
	return "<code>" + out.String() + "</code>"
}

// slug is the fragment that forges give a heading.
func slug(heading string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			out.WriteByte('-')
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > '~':
			out.WriteRune(r)
		}
	}
	return out.String()
}

// count writes a number with its noun: 1 character, 2 characters.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
