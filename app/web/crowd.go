package web

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
)

// initials are the first letters of a name: of its first and last word.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "?"
	}
	text := firstRune(words[0])
	if last := words[len(words)-1]; len(words) > 1 {
		text += firstRune(last)
	}
	return strings.ToUpper(text)
}

func firstRune(word string) string {
	for _, r := range word {
		return string(r)
	}
	return ""
}

// tints is how many colours people are told apart by.
const tints = 6

// tint is a colour of one's own, the same on every page.
func tint(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return "tint-" + strconv.FormatUint(uint64(h.Sum32()%tints), 10)
}
