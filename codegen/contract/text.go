package contract

import "strings"

// oneLine joins a text's lines.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// firstSentence is what a list of messages shows of a description.
func firstSentence(text string) string {
	text = oneLine(text)
	if i := strings.Index(text, ". "); i >= 0 {
		return text[:i+1]
	}
	return text
}

// paragraphs joins a description and what is added to it.
func paragraphs(doc string, notes []string) string {
	if doc != "" {
		notes = append([]string{doc}, notes...)
	}
	return strings.Join(notes, "\n\n")
}

// markdownEscapes keep text from becoming a link or HTML.
var markdownEscapes = strings.NewReplacer(`\`, `\\`, "<", "&lt;", "[", `\[`, "](", `\](`)

// markdown writes a free text so that it stays text: descriptions of both
// formats are CommonMark, which knows links and HTML.
func markdown(text string) string {
	return markdownEscapes.Replace(text)
}
