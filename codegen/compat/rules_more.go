package compat

import "strings"

func valueRules() []Rule {
	return []Rule{
		rule(codeTightened, "constraint tightened", "Commands that were right yesterday are refused. Stored events are not judged again, so events may be tightened.", Fine, Fine, Break,
			"", "loosen it again, or let the handler refuse with a reason of its own"),
		rule(codePattern, "pattern or format changed", "Whether the new expression accepts all that the old one did cannot be decided. Stored events are not judged again.", Fine, Fine, Break,
			"", "leave the old one, or let the handler refuse with a reason of its own"),
		rule(codeClosed, "undeclared properties refused", "Yesterday's callers may send properties that were ignored so far. Stored events are read without them.", Fine, Fine, Break,
			"", "drop \"additionalProperties\": false"),
		rule(codeExtra, "meaning of undeclared properties changed", "With a schema they are read and kept; without one they are dropped. What was written before was not written for that.", Break, Fine, Break,
			"keep \"additionalProperties\" as it was and add a property that is a map, or {version}", "keep \"additionalProperties\" as it was and add a property that is a map"),
		rule(codeDefault, "default changed", "History is read anew with another value wherever the property is absent.", Break, Warning, Warning,
			"put the old default back, or {version}", "tell the callers who leave the property out"),
		rule(codeDefaultAdded, "default given to an optional property", "Stored events that lack the property are read with a value from now on.", Warning, Fine, Fine,
			"make sure that the default is what absence has meant so far", ""),
		rule(codeTrim, "x-trim changed", "The same text is taken differently: with or without the white space around it.", Fine, Fine, Warning,
			"", "make sure that no caller relies on it"),
		rule(codePersonal, "x-personal changed", "What was stored was stored under the other rule: in the open, or protected.", Break, Break, Warning,
			"put x-personal back as it was, or {version}", "make sure that what callers sent so far is treated as it must be"),
		rule(codeTag, "x-tag changed", "Stored events are indexed by the tags of their time, so decisions and searches by the tag would miss them.", Break, Break, Fine,
			"put x-tag back as it was, or add a new event that carries the tag", ""),
		rule(codeRef, "id of another actor", "The ids that were written before lead to streams of the other actor.", Break, Break, Warning,
			"put x-ref back as it was and add a property for the other actor, or {version}", "put x-ref back as it was and add a property for the other actor"),
		rule(codeUnclassified, "keyword without a rule", "Nobody has said yet what a change of this keyword means to what was written before, so it counts as a break.", Break, Break, Break,
			"put the keyword back as it was, or {version}", "put the keyword back as it was"),
	}
}

func messageRules() []Rule {
	return []Rule{
		rule(codeEventRemoved, "event removed", "The log holds the event for ever, so somebody must be able to read it.", Break, Fine, Fine,
			"restore the file; if nobody may emit the event any more, add \"x-retired\": true to it; if it has a new name, write \"x-renamed-from\" into the new file", ""),
		rule(codeEventRenamed, "event renamed without x-renamed-from", "The log holds the event under its old type.", Break, Break, Fine,
			"write \"x-renamed-from\" with the old type into the new file", ""),
		rule(codeVersionGone, "version removed", "The log holds events of the version, so its schema and its upcaster must stay.", Break, Fine, Fine,
			"restore the version's file as <event>.v<N>.json", ""),
		rule(codeMoved, "event moved to another actor", "The event's stored instances lie in streams of its old actor, and stay there.", Break, Break, Fine,
			"leave the event where it was, mark it \"x-retired\": true, and add a new event to the other actor", ""),
		rule(codeIdentity, "identity of streams changed", "Streams are found by their id; with another form of id the old ones are out of reach.", Break, Break, Warning,
			"put x-id back as it was, or make a new actor", "put x-id back as it was, or make a new actor"),
		rule(codeKey, "key of a reactor changed", "The reactor's state was kept under the old key, so it would start anew in the middle of the log.", Break, Break, Fine,
			"put x-key back as it was, or make a new reactor", ""),
		rule(codeCommandRemoved, "command removed", "Yesterday's callers, and commands that were scheduled yesterday, still ask for it.", Fine, Fine, Break,
			"", "keep the command and let its handler refuse it, until nobody sends it"),
		rule(codeCreates, "x-creates narrowed", "The command is refused on streams on which it was accepted.", Fine, Fine, Break,
			"", "put x-creates back as it was, or write \"or_updates\""),
		rule(codeInternal, "command became internal", "Browsers and callers of the API can submit it no longer.", Fine, Fine, Break,
			"", "keep the command public, or add an internal one beside it"),
	}
}

// sentence makes a remedy one that stands alone.
func sentence(text string) string {
	text = strings.ReplaceAll(text, "{version}", "make a new version of the event")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
