package compat

import (
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// The codes of changes. A code is never given to another rule.
const (
	codeRequiredAdded   = "BS3001"
	codeRequiredDefault = "BS3002"
	codeRemoved         = "BS3003"
	codeRequiredRemoved = "BS3004"
	codeRemovedClosed   = "BS3005"
	codeRemovedOpen     = "BS3006"
	codeRenamed         = "BS3007"
	codeRenamedSilently = "BS3008"
	codeBecameRequired  = "BS3009"
	codeBecameOptional  = "BS3010"
	codeType            = "BS3011"
	codeWidened         = "BS3012"
	codeNarrowed        = "BS3013"
	codeNullAdded       = "BS3014"
	codeNullRemoved     = "BS3015"
	codeEnumAdded       = "BS3016"
	codeEnumRemoved     = "BS3017"
	codeArmAdded        = "BS3018"
	codeArmRemoved      = "BS3019"
	codeTightened       = "BS3020"
	codePattern         = "BS3021"
	codeClosed          = "BS3022"
	codeExtra           = "BS3023"
	codeDefault         = "BS3024"
	codeDefaultAdded    = "BS3025"
	codeConst           = "BS3026"
	codeEventRemoved    = "BS3027"
	codeEventRenamed    = "BS3028"
	codeVersionGone     = "BS3029"
	codeAliasGone       = "BS3030"
	codeUnreserved      = "BS3031"
	codeMoved           = "BS3032"
	codeIdentity        = "BS3033"
	codeKey             = "BS3034"
	codePersonal        = "BS3035"
	codeTag             = "BS3036"
	codeRef             = "BS3037"
	codeCommandRemoved  = "BS3038"
	codeCreates         = "BS3039"
	codeInternal        = "BS3040"
	codeTrim            = "BS3041"
	codeUnclassified    = "BS3042"
)

// Rule is one kind of change and what it means under each rule set.
type Rule struct {
	source.Code
	Log, Rolling, API Level

	// What to write instead, in an event and in a command. {version} stands for
	// making a new version of the event.
	event, command string
}

// under is the rule's level under a set.
func (r Rule) under(set Set) Level {
	switch set {
	case Log:
		return r.Log
	case Rolling:
		return r.Rolling
	}
	return r.API
}

// Rules are all rules, by code. Changes that no set minds have none: adding an
// optional property, loosening a constraint, and changing what people read.
func Rules() []Rule {
	rules := propertyRules()
	rules = append(rules, typeRules()...)
	rules = append(rules, valueRules()...)
	rules = append(rules, messageRules()...)
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

// Codes explains every code of this package, by number.
func Codes() []source.Code {
	var codes []source.Code
	for _, r := range Rules() {
		codes = append(codes, r.Code)
	}
	return append(codes, publishedCodes()...)
}

func rule(code, name, why string, log, rolling, api Level, event, command string) Rule {
	general := event
	switch {
	case event == "":
		general = command
	case command != "" && command != event:
		general = "In an event, " + event + ". In a command, " + command
	}
	return Rule{
		Code: source.Code{ID: code, Name: name, Explanation: why, Remedy: sentence(general)},
		Log:  log, Rolling: rolling, API: api, event: event, command: command,
	}
}

func propertyRules() []Rule {
	return []Rule{
		rule(codeRequiredAdded, "required property added", "What was written before lacks the property, so it can no longer be read.", Break, Fine, Break,
			"make it optional, give it a default, or {version}", "make it optional, perhaps with a default"),
		rule(codeRequiredDefault, "required property with a default", "Stored events get the default; a command without the property is refused, for strict decoding does not fill in what is required.", Fine, Fine, Break,
			"", "take it out of \"required\": an optional property with a default is always there for the handler"),
		rule(codeRemoved, "property removed and its name free", "The log still holds the property; under a free name another one with another meaning could be added later.", Break, Fine, Fine,
			"add the name to \"x-reserved\", or write \"x-renamed-from\" into the property that has taken its place", ""),
		rule(codeRequiredRemoved, "required property removed", "Code that is still running, or to which you roll back, cannot read events without the property.", Fine, Break, Fine,
			"deprecate it and remove it once no code requires it, or {version}", ""),
		rule(codeRemovedClosed, "property removed from a closed command", "The command refuses undeclared properties, so yesterday's callers are refused.", Fine, Fine, Break,
			"", "keep the property as optional, or drop \"additionalProperties\": false"),
		rule(codeRemovedOpen, "property removed from an open command", "Yesterday's callers are accepted, but what they say with the property is ignored.", Fine, Fine, Warning,
			"", "keep the property as optional until no caller sends it"),
		rule(codeRenamed, "property renamed", "Generated decoders read the old name too, but code that is still running looks for the old name only.", Fine, Break, Fine,
			"{version}, or add the new property beside the old one and remove that later", ""),
		rule(codeRenamedSilently, "property renamed without x-renamed-from", "What was written before has the old name, which nobody reads any more.", Break, Break, Break,
			"write \"x-renamed-from\" into the new property, or add the old name to \"x-reserved\" if the two have nothing in common", "keep the old name, or add the old name to \"x-reserved\" if the two have nothing in common"),
		rule(codeBecameRequired, "optional property became required", "What was written before may lack the property.", Break, Fine, Break,
			"leave it optional, give it a default, or {version}", "leave it optional"),
		rule(codeBecameOptional, "required property became optional", "Code that is still running cannot read events without the property.", Fine, Break, Fine,
			"go on writing the property until no code requires it, or {version}", ""),
		rule(codeAliasGone, "old name forgotten", "Events stored under the old name can be read only while x-renamed-from tells it.", Break, Fine, Fine,
			"put the old name back into \"x-renamed-from\"", ""),
		rule(codeUnreserved, "reserved name set free", "The log may hold the name with its former meaning.", Break, Fine, Fine,
			"put the name back into \"x-reserved\" and give the new property another one", ""),
	}
}

func typeRules() []Rule {
	return []Rule{
		rule(codeType, "type changed", "The value is written in another form, or means something else to Go.", Break, Break, Break,
			"{version}, or add a property with another name", "add a property with another name and keep this one as optional"),
		rule(codeWidened, "integer became number", "Code that is still running reads whole numbers only.", Fine, Break, Fine,
			"{version}", ""),
		rule(codeNarrowed, "number became integer", "What was written before may have a fraction.", Break, Fine, Break,
			"leave it a number, or {version}", "leave it a number, and check it in the handler"),
		rule(codeNullAdded, "null allowed", "Code that is still running cannot read null there.", Fine, Break, Fine,
			"make it optional instead, or {version}", ""),
		rule(codeNullRemoved, "null no longer allowed", "What was written before may be null there.", Break, Fine, Break,
			"go on accepting null, or {version}", "go on accepting null"),
		rule(codeEnumAdded, "value added", "Code that is still running has no case for the value.", Fine, Break, Fine,
			"roll out code that can take such a value before anything emits it, or {version}", ""),
		rule(codeEnumRemoved, "value removed", "What was written before may have the value, and no code has a case for it any more.", Break, Fine, Break,
			"go on accepting what was accepted, or {version}", "go on accepting what was accepted, and refuse it in the handler"),
		rule(codeArmAdded, "arm added", "Code that is still running cannot read the new arm.", Fine, Break, Fine,
			"roll out code that knows the arm before anything emits it, or {version}", ""),
		rule(codeArmRemoved, "arm removed", "What was written before may be of that arm.", Break, Fine, Break,
			"keep the arm, or {version}", "keep the arm, and refuse it in the handler"),
		rule(codeConst, "constant or tag changed", "The constant tells readers what they have before them, and what was written before has the old one.", Break, Break, Break,
			"put the old constant back, or {version}", "put the old constant back"),
	}
}
