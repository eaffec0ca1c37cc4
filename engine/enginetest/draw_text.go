package enginetest

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/backstory-go/backstory/engine"
)

func (d *drawer) text(s node) any {
	low, high := bounds(s, "minLength", "maxLength")
	format, _ := s["format"].(string)
	pattern, _ := s["pattern"].(string)
	var re *regexp.Regexp
	if pattern != "" {
		re = regexp.MustCompile(pattern)
	}
	for try := range 200 {
		text := d.candidate(format, pattern, low, high, try)
		n := utf8.RuneCountInString(text)
		if n >= low && n <= high && (re == nil || re.MatchString(text)) && (format == "" || engine.ValidFormat(format, text)) && engine.Trim(text) == text {
			return text
		}
	}
	panic(noneError("a text has a form that none was found for"))
}

func (d *drawer) candidate(format, pattern string, low, high, try int) string {
	switch {
	case format != "":
		return d.formatted(format)
	case pattern != "" && try < 150:
		return d.matching(pattern, try/10)
	}
	n := low
	switch {
	case d.mode == most && high <= 10000, d.mode == likely && high <= 10000 && d.IntN(6) == 0:
		n = high
	case d.mode != least && d.IntN(4) > 0:
		n = min(high, low+1+d.IntN(12))
	}
	return d.runes(n)
}

// runes are n code points, some of them rare, none of them white at the ends.
func (d *drawer) runes(n int) string {
	letters := []rune(`abcdefghijklmnopqrstuvwxyz0123456789äßλ漢😀"\<&` + "\u2028")
	out := make([]rune, n)
	for i := range out {
		out[i] = letters[d.IntN(26)]
		if d.IntN(8) == 0 {
			out[i] = letters[d.IntN(len(letters)-1)]
		}
		if i > 0 && i < n-1 && d.IntN(8) == 0 {
			out[i] = ' '
		}
	}
	return string(out)
}

// uuid is one that exists already, or a new one.
func (d *drawer) uuid() string {
	if len(d.seen) > 0 && d.IntN(3) > 0 {
		return d.seen[d.IntN(len(d.seen))]
	}
	return newUUID(d.Rand).String()
}

func (d *drawer) formatted(format string) string {
	n := d.IntN(250) + 1
	switch format {
	case "uuid":
		return d.uuid()
	case "date-time":
		return fmt.Sprintf("2026-%02d-%02dT%02d:%02d:05Z", 1+n%12, 1+n%28, n%24, n%60)
	case "date":
		return fmt.Sprintf("20%02d-%02d-%02d", n%100, 1+n%12, 1+n%28)
	case "time":
		return fmt.Sprintf("%02d:%02d:00Z", n%24, n%60)
	case "duration":
		return []string{fmt.Sprintf("PT%dM", n), fmt.Sprintf("P%dD", n), fmt.Sprintf("P%dW", n)}[d.IntN(3)]
	case "email":
		return fmt.Sprintf("ann%d@example.org", n)
	case "uri", "iri":
		return fmt.Sprintf("https://example.org/%d", n)
	case "hostname":
		return fmt.Sprintf("host%d.example.org", n)
	case "ipv4":
		return fmt.Sprintf("192.0.2.%d", n)
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", n)
	case "relative-json-pointer":
		return fmt.Sprintf("%d/example", n)
	case "regex":
		return fmt.Sprintf("^[a-z]{%d}$", n)
	}
	return fmt.Sprintf("/example/%d", n) // uri-reference, iri-reference, uri-template, json-pointer
}

// matching writes a text that the expression matches, with up to more
// repetitions than it asks for.
func (d *drawer) matching(pattern string, more int) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	return expand(d.Rand, re.Simplify(), more)
}

func expand(r *rand.Rand, re *syntax.Regexp, more int) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(member(r, re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('a' + r.IntN(26)))
	case syntax.OpCapture:
		return expand(r, re.Sub[0], more)
	case syntax.OpStar:
		return repeat(r, re, r.IntN(more+1), more)
	case syntax.OpPlus:
		return repeat(r, re, 1+r.IntN(more+1), more)
	case syntax.OpQuest:
		return repeat(r, re, r.IntN(2), more)
	case syntax.OpAlternate:
		return expand(r, re.Sub[r.IntN(len(re.Sub))], more)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(expand(r, sub, more))
		}
		return b.String()
	}
	return "" // anchors and the like match between characters
}

func repeat(r *rand.Rand, re *syntax.Regexp, n, more int) string {
	var b strings.Builder
	for range n {
		b.WriteString(expand(r, re.Sub[0], more))
	}
	return b.String()
}

// member takes a printable character of a class if there is one.
func member(r *rand.Rand, class []rune) rune {
	var plain []rune
	for i := 0; i+1 < len(class); i += 2 {
		for c := max(class[i], '!'); c <= min(class[i+1], '~'); c++ {
			plain = append(plain, c)
		}
	}
	if len(plain) > 0 {
		return plain[r.IntN(len(plain))]
	}
	if len(class) > 0 {
		return class[0]
	}
	return 'a'
}
