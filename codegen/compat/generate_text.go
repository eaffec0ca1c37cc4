package compat

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// text makes a string of the kind, format, pattern and length.
func (g *generator) text(at string, t *model.Type, salt int) any {
	n := g.pick(3) + salt
	switch wire(t) {
	case model.UUID:
		return uuidOf(n)
	case model.DateTime:
		return fmt.Sprintf("2026-01-%02dT10:%02d:05Z", 2+n%27, n/27%60)
	case model.Date:
		return fmt.Sprintf("20%02d-01-%02d", 26+n/27%70, 2+n%27)
	case model.Time:
		return fmt.Sprintf("10:%02d:%02dZ", n/60%60, n%60)
	case model.Duration:
		return fmt.Sprintf("PT%dM", 1+n)
	}
	c := checks(t)
	for _, candidate := range candidates(c, n) {
		if acceptsText(c, candidate) && validFormat(c.Format, candidate) {
			return candidate
		}
	}
	return g.fail(at, "has constraints for which no text was found")
}

func validFormat(format, text string) bool {
	check := jsonschema.Formats[format]
	return format == "" || check == nil || check(text)
}

// candidates are texts that may do; the caller tries them in order.
func candidates(c model.Checks, n int) []string {
	if c.Format != "" {
		list := []string{formatted(c.Format, n)}
		if c.MinLength != nil && strings.Contains(list[0], "example") {
			list = append(list, strings.Replace(list[0], "example", strings.Repeat("x", int(min(*c.MinLength, 60))), 1))
		}
		return list
	}
	if c.Pattern == "" {
		return []string{fitted(fmt.Sprintf("text%d", n+1), c), fitted(fmt.Sprintf("%d", n+1), c)}
	}
	re, err := syntax.Parse(c.Pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	re = re.Simplify()
	var list []string
	for repeat := range 70 { // longer and longer, until it is long enough
		list = append(list, matching(re, repeat, n), matching(re, repeat, 0))
		if repeat > 0 && c.MaxLength != nil && int64(utf8.RuneCountInString(list[len(list)-1])) > *c.MaxLength {
			break
		}
	}
	for _, text := range []string{fmt.Sprintf("text%d", n+1), "a"} {
		list = append(list, fitted(text, c)) // the pattern may not speak about the whole
	}
	return list
}

// fitted stretches or cuts a text to the length.
func fitted(text string, c model.Checks) string {
	runes := []rune(text)
	for c.MinLength != nil && int64(len(runes)) < *c.MinLength && len(runes) < 100000 {
		runes = append(runes, 'x')
	}
	if c.MaxLength != nil && int64(len(runes)) > *c.MaxLength {
		runes = runes[int64(len(runes))-*c.MaxLength:] // the end differs from salt to salt
	}
	return string(runes)
}

// formatted is a text of a format that stays a string in Go.
func formatted(format string, n int) string {
	switch format {
	case "email":
		return fmt.Sprintf("ann%d@example.org", n+1)
	case "uri", "iri":
		return fmt.Sprintf("https://example.org/%d", n+1)
	case "hostname":
		return fmt.Sprintf("host%d.example.org", n+1)
	case "ipv4":
		return fmt.Sprintf("192.0.2.%d", 1+n%250)
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", 1+n%60000)
	case "uuid":
		return uuidOf(n)
	case "date-time":
		return fmt.Sprintf("2026-01-%02dT10:00:00Z", 1+n%28)
	case "date":
		return fmt.Sprintf("2026-01-%02d", 1+n%28)
	case "time":
		return fmt.Sprintf("10:00:%02dZ", n%60)
	case "duration":
		return fmt.Sprintf("PT%dM", 1+n)
	case "relative-json-pointer":
		return fmt.Sprintf("%d/example", n)
	}
	return fmt.Sprintf("/example/%d", n+1) // uri-reference, iri-reference, uri-template, regex, json-pointer
}

// matching writes a text that the expression matches, with that many repetitions
// beyond the least.
func matching(re *syntax.Regexp, repeat, n int) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(oneOf(re.Rune, n))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('a' + n%26))
	case syntax.OpCapture:
		return matching(re.Sub[0], repeat, n)
	case syntax.OpStar:
		return strings.Repeat(matching(re.Sub[0], 0, n), repeat)
	case syntax.OpPlus:
		return strings.Repeat(matching(re.Sub[0], 0, n), 1+repeat)
	case syntax.OpQuest:
		return strings.Repeat(matching(re.Sub[0], 0, n), min(repeat, 1))
	case syntax.OpAlternate:
		return matching(re.Sub[n%len(re.Sub)], repeat, n)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(matching(sub, repeat, n))
		}
		return b.String()
	}
	return "" // anchors and the like match between characters
}

// oneOf takes the n-th character of a class, a plain one if there is any.
func oneOf(class []rune, n int) rune {
	var plain []rune
	for i := 0; i+1 < len(class); i += 2 {
		for r := max(class[i], '!'); r <= min(class[i+1], '~'); r++ {
			plain = append(plain, r)
		}
	}
	letters := plain[:0:0]
	for _, r := range plain {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			letters = append(letters, r)
		}
	}
	switch {
	case len(letters) > 0:
		return letters[n%len(letters)]
	case len(plain) > 0:
		return plain[n%len(plain)]
	case len(class) > 0:
		return class[0]
	}
	return 'a'
}
