package engine

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// SearchWords are the words of a text as searches compare them, separated by
// spaces: without case, accents and punctuation. In scripts that put no spaces
// between words each character is one. A projection keeps it in a property that
// x-indexes names as {"search": …}.
func SearchWords(text string) string { return strings.Join(searchWords(text), " ") }

// SearchTerms is the parameter of a query with the operator search: it finds the
// rows that have, for each word of text, a word that begins with it. A text without
// words gives "", which finds nothing.
func SearchTerms(text string) string {
	words := searchWords(text)
	for i := range words {
		words[i] += ":*"
	}
	return strings.Join(words, " & ")
}

// searchWords leaves nothing in a word but letters and digits: PostgreSQL's parser
// then takes each for one, and to_tsquery finds no operator in it.
func searchWords(text string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(cases.Fold().String(text)) {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			b.WriteString(" " + string(r) + " ")
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		case !unicode.IsMark(r):
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}
