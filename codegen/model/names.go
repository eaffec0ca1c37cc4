package model

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

func validName(s string) bool { return nameRule.MatchString(s) }

// goName makes an exported Go name of any text; false when none that is safe
// can be made, because the first letter has no upper case.
func goName(s string) (string, bool) {
	var b strings.Builder
	for _, word := range words(s) {
		b.WriteString(capitalise(word))
	}
	name := b.String()
	return name, token.IsIdentifier(name) && token.IsExported(name)
}

// words splits at what cannot stand in a Go name and between a small letter and
// a capital one (userId).
func words(s string) []string {
	var all []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			all = append(all, string(word))
		}
		word = nil
	}
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && len(word) > 0 && !unicode.IsUpper(word[len(word)-1]):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return all
}

func capitalise(word string) string {
	if Initialism(word) {
		return strings.ToUpper(word)
	}
	runes := []rune(word)
	if len(runes) > 1 && word == strings.ToUpper(word) {
		runes = []rune(strings.ToLower(word)) // IN_PROGRESS reads as InProgress
	}
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}

// enumSuffix is the part of a constant's name that comes from its value; values
// without letters and digits are spelled by code point.
func enumSuffix(value string) string {
	if value == "" {
		return "Empty"
	}
	var b strings.Builder
	for _, word := range words(spelled(value)) {
		b.WriteString(capitalise(word))
	}
	if b.Len() > 0 {
		return b.String()
	}
	for _, r := range value {
		fmt.Fprintf(&b, "U%04X", r)
	}
	return b.String()
}

// spelled writes control characters by their code point, since they cannot be seen.
func spelled(value string) string {
	var b strings.Builder
	for _, r := range value {
		if unicode.IsControl(r) {
			fmt.Fprintf(&b, "_U%04X_", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// singular names the element of what name names.
func singular(name, otherwise string) string {
	cut := func(suffix, put string) string { return strings.TrimSuffix(name, suffix) + put }
	has := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) && len(name) > len(s)+1 })
	}
	switch {
	case has("ies"):
		return cut("ies", "y")
	case has("sses", "xes", "zes", "ches", "shes"):
		return cut("es", "")
	case has("ss", "us", "is"):
		return name + otherwise
	case has("s"):
		return cut("s", "")
	}
	return name + otherwise
}

// packageName is a name without "_". A keyword, a predeclared name or init would
// not compile or would hide the predeclared one, so it gets a "_" at its end,
// which no other name can have.
func packageName(name string) string {
	p := strings.ReplaceAll(name, "_", "")
	if token.IsKeyword(p) || p == "init" || types.Universe.Lookup(p) != nil {
		p += "_"
	}
	return p
}

// nearest is the candidate most like the word, "" when none is like it.
func nearest(word string, candidates []string) string {
	best, distance := "", max(1, min(3, len(word)/3))+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if len(c) > 64 || len(word) > 64 {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// editDistance counts insertions, deletions and substitutions, and the swap of
// two neighbours as one.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// suggestion is a remedy that begins with the nearest candidate, if any is near.
func suggestion(word string, candidates []string, otherwise string) string {
	if best := nearest(word, candidates); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return otherwise
}
