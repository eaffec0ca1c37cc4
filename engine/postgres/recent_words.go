package postgres

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/engine"
)

// recentPatterns are those of LIKE for a filter's words: they find at least what has
// the words, and what else it names. "" and none: everything.
type recentPatterns struct {
	typ, stream, by       string
	types, streams, texts []string // never nil, which would be NULL
}

func patternsOf(of engine.RecentFilter) recentPatterns {
	p := recentPatterns{typ: patternOf(of.Type), stream: patternOf(of.Stream), by: patternOf(of.By),
		types: append([]string{}, of.Types...), streams: append([]string{}, of.Streams...), texts: []string{}}
	for _, words := range of.Texts {
		if words = patternOf(words); words != "" {
			p.texts = append(p.texts, words)
		}
	}
	return p
}

func (p recentPatterns) empty() bool {
	return p.typ+p.stream+p.by == "" && len(p.texts) == 0
}

// patternOf finds words in a text that the database made lower: in some locales it
// knows no letters but those of ASCII, and JSON writes some characters in its own
// way. In their place anything is found.
func patternOf(words string) string {
	words = clean(words)
	if words == "" {
		return ""
	}
	var b strings.Builder
	for _, r := range words {
		if r < ' ' || r > '~' || strings.ContainsRune(`%_\"<>&`, r) {
			r = '%'
		}
		b.WriteRune(r)
	}
	return "%" + b.String() + "%"
}

func clean(words string) string { return strings.ToLower(strings.TrimSpace(words)) }

// chooses says whether the filter's words are in the message.
func chooses(of engine.RecentFilter, m engine.RecentMessage) bool {
	if c := m.Command; c != nil {
		texts := []string{c.Error}
		if c.Refusal != nil {
			texts = append(texts, c.Refusal.Code, c.Refusal.Message, string(c.Refusal.Data))
		}
		return choosesOne(of, c.Type, c.Stream, c.By, c.Data, texts...)
	}
	return choosesOne(of, m.Event.Type, m.Event.Meta.Stream, m.Event.Meta.By, m.Event.Data)
}

func choosesOne(of engine.RecentFilter, typ string, stream engine.StreamID, by string, data json.RawMessage, texts ...string) bool {
	return (has(typ, of.Type) || slices.Contains(of.Types, typ)) &&
		(has(stream.String(), of.Stream) || slices.Contains(of.Streams, stream.String())) &&
		has(by, of.By) && (len(of.Texts) == 0 || slices.ContainsFunc(of.Texts, func(words string) bool {
		return has(string(data), words) || saysIn(data, words) || slices.ContainsFunc(texts, func(text string) bool { return has(text, words) })
	}))
}

// has says whether a text has the words in it, whatever their case.
func has(text, words string) bool { return strings.Contains(strings.ToLower(text), clean(words)) }

// saysIn says whether one of the texts in JSON has the words, as they are without its
// escapes.
func saysIn(data json.RawMessage, words string) bool {
	var value any
	return json.Unmarshal(data, &value) == nil && saysAnywhere(value, words)
}

func saysAnywhere(value any, words string) bool {
	switch v := value.(type) {
	case string:
		return has(v, words)
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return saysAnywhere(x, words) })
	case map[string]any:
		for _, x := range v {
			if saysAnywhere(x, words) {
				return true
			}
		}
	}
	return false
}
