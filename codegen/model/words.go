package model

import (
	"slices"
	"strings"
)

// The words of a name, as people read and as Go writes them. This file is the
// only one that knows which words are initialisms: emitters, pictures, catalog
// and contracts ask it.

// initialisms are the words that stand in capitals, in Go names and in labels.
// The configuration of sqlc lists the same.
func initialisms() []string {
	return []string{"id", "url", "uri", "uuid", "api", "html", "http", "https", "json", "sql", "ip", "ai"}
}

// Initialism reports whether a word, in any case, stands in capitals.
func Initialism(word string) bool { return slices.Contains(initialisms(), strings.ToLower(word)) }

// Phrase makes a name of the schemas readable inside a sentence: add_item → add
// item, user_id → user ID, link_urls → link URLs.
func Phrase(name string) string {
	list := strings.Split(name, "_")
	for i, word := range list {
		if stem, plural := strings.CutSuffix(word, "s"); Initialism(word) {
			list[i] = strings.ToUpper(word)
		} else if plural && Initialism(stem) {
			list[i] = strings.ToUpper(stem) + "s"
		}
	}
	return strings.Join(list, " ")
}

// Label makes a name of the schemas a heading: add_item → Add item, ai_expander →
// AI expander.
func Label(name string) string {
	phrase := []rune(Phrase(name))
	if len(phrase) == 0 {
		return ""
	}
	return strings.ToUpper(string(phrase[:1])) + string(phrase[1:])
}
