// Package ecma translates patterns: the dialect's are RE2, browsers and JSON
// Schema's other users have ECMAScript.
//
// It owns the translation and nothing else, and imports nothing of ours; the
// packages of the compiler may import it.
//
// The invariant it keeps: a translation matches exactly the texts that the
// pattern matches, under the flag u as well as v. It is made from the syntax
// tree, since the two languages share most of their text and differ in what it
// means; where there is no such translation there is an error.
package ecma

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// Pattern translates a pattern of RE2 into one of ECMAScript for the flags u and
// v. Like the pattern it is not anchored. The error says that the pattern is no
// RE2.
func Pattern(pattern string) (string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("pattern %q: %w", pattern, err)
	}
	var b strings.Builder
	writePattern(&b, tree)
	return b.String(), nil
}

func writePattern(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			writeLiteral(b, r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		writeClass(b, re.Rune)
	case syntax.OpCapture:
		b.WriteString("(?:")
		writePattern(b, re.Sub[0])
		b.WriteByte(')')
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		writeRepeat(b, re)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			writeGrouped(b, sub, sub.Op == syntax.OpAlternate)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				b.WriteByte('|')
			}
			writePattern(b, sub)
		}
	default:
		b.WriteString(fixedPattern(re.Op))
	}
}

// fixedPattern is what the operators without operands look like. Lines end in
// \n only, and the dot leaves out nothing else, unlike in ECMAScript.
func fixedPattern(op syntax.Op) string {
	switch op {
	case syntax.OpEmptyMatch:
		return "(?:)"
	case syntax.OpAnyCharNotNL:
		return `[^\n]`
	case syntax.OpAnyChar:
		return `[\s\S]`
	case syntax.OpBeginLine:
		return `(?:^|(?<=\n))`
	case syntax.OpEndLine:
		return `(?:$|(?=\n))`
	case syntax.OpBeginText:
		return "^"
	case syntax.OpEndText:
		return "$"
	case syntax.OpWordBoundary:
		return `\b`
	case syntax.OpNoWordBoundary:
		return `\B`
	default: // what matches nothing
		return "(?!)"
	}
}

func writeGrouped(b *strings.Builder, re *syntax.Regexp, group bool) {
	if group {
		b.WriteString("(?:")
	}
	writePattern(b, re)
	if group {
		b.WriteByte(')')
	}
}

func writeRepeat(b *strings.Builder, re *syntax.Regexp) {
	sub := re.Sub[0]
	single := sub.Op == syntax.OpLiteral && len(sub.Rune) == 1
	switch sub.Op {
	case syntax.OpCharClass, syntax.OpCapture, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		single = true
	}
	writeGrouped(b, sub, !single)
	switch re.Op {
	case syntax.OpStar:
		b.WriteByte('*')
	case syntax.OpPlus:
		b.WriteByte('+')
	case syntax.OpQuest:
		b.WriteByte('?')
	default:
		b.WriteString(bounds(re.Min, re.Max))
	}
	if re.Flags&syntax.NonGreedy != 0 {
		b.WriteByte('?')
	}
}

// classSpecial is what must be escaped in a class under the flags u and v.
const classSpecial = `\]^-[(){}/|`

// bounds writes the limits of a repetition; a maximum of -1 is none.
func bounds(least, most int) string {
	switch most {
	case least:
		return fmt.Sprintf("{%d}", least)
	case -1:
		return fmt.Sprintf("{%d,}", least)
	}
	return fmt.Sprintf("{%d,%d}", least, most)
}

// writeLiteral writes one character, with all its cases where they fold.
func writeLiteral(b *strings.Builder, r rune, fold bool) {
	if !fold || unicode.SimpleFold(r) == r {
		b.WriteString(character(r, `^$\.*+?()[]{}|/`))
		return
	}
	b.WriteByte('[')
	b.WriteString(character(r, classSpecial))
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		b.WriteString(character(other, classSpecial))
	}
	b.WriteByte(']')
}

// writeClass writes a set of pairs of first and last characters. A set that
// reaches the end of Unicode is written by what it leaves out.
func writeClass(b *strings.Builder, pairs []rune) {
	b.WriteByte('[')
	if n := len(pairs); n > 0 && pairs[n-1] == unicode.MaxRune {
		b.WriteByte('^')
		pairs = complement(pairs)
	}
	for i := 0; i < len(pairs); i += 2 {
		first, last := pairs[i], pairs[i+1]
		b.WriteString(character(first, classSpecial))
		if last > first {
			if last > first+1 {
				b.WriteByte('-')
			}
			b.WriteString(character(last, classSpecial))
		}
	}
	b.WriteByte(']')
}

func complement(pairs []rune) (out []rune) {
	next := rune(0)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] > next {
			out = append(out, next, pairs[i]-1)
		}
		next = pairs[i+1] + 1
	}
	return out
}

// character writes one character, escaped where it is one of those or not of
// ASCII: such text survives every editor and terminal.
func character(r rune, special string) string {
	switch {
	case strings.ContainsRune(special, r):
		return `\` + string(r)
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r < 0x7f && r >= ' ':
		return string(r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\u{%x}`, r)
}
