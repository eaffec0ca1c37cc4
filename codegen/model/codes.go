package model

import "github.com/backstory-go/backstory/codegen/source"

// CodeCollision is the fault of two things that would have one Go name. The
// emitters find those of names that they make themselves.
const CodeCollision = "BS1302"

// The codes of this package. A code is never given to another rule: people find
// explanations by it.
const (
	codePlace        = "BS1101"
	codeName         = "BS1102"
	codeReservedName = "BS1103"
	codeSchemaLine   = "BS1104"
	codeRoot         = "BS1105"
	codeComponent    = "BS1106"
	codeTwin         = "BS1107"
	codeSameName     = "BS1108"
	codeVersion      = "BS1109"

	codeUnknown          = "BS1201"
	codeUnsupported      = "BS1202"
	codeMisplaced        = "BS1203"
	codeShape            = "BS1204"
	codeMissing          = "BS1205"
	codeNoType           = "BS1206"
	codeType             = "BS1207"
	codeFormat           = "BS1208"
	codePattern          = "BS1209"
	codeBounds           = "BS1210"
	codeEnum             = "BS1211"
	codeConst            = "BS1212"
	codeItems            = "BS1213"
	codeRequired         = "BS1214"
	codeReservedProperty = "BS1215"
	codeRef              = "BS1216"
	codeBesideRef        = "BS1217"
	codeRefCycle         = "BS1218"
	codeEndless          = "BS1219"
	codeUnion            = "BS1220"
	codeAllOf            = "BS1221"
	codeDefault          = "BS1222"
	codeExample          = "BS1223"
	codeInvalid          = "BS1224"

	codeGoName     = "BS1301"
	codeCollision  = CodeCollision
	codeUnresolved = "BS1303"
	codeWrongName  = "BS1304"
	codeTwice      = "BS1305"
	codeCycle      = "BS1306"

	codeReservedField = "BS1401"
	codeForeign       = "BS1402"
	codeRetired       = "BS1403"
	codeRefusal       = "BS1404"
	codeRefusalTwice  = "BS1405"
	codeBuiltin       = "BS1406"
	codeAt            = "BS1407"
	codeSettles       = "BS1408"
	codeTag           = "BS1409"
	codePersonal      = "BS1410"
	codeTrim          = "BS1411"
	codeRenamed       = "BS1412"
	codeDuration      = "BS1413"

	codeID           = "BS1501"
	codeReactionName = "BS1502"
	codeKey          = "BS1503"
	codeBoundary     = "BS1504"
	codeEvolves      = "BS1505"
	codeSnapshot     = "BS1506"
	codeProperty     = "BS1507"
	codeQuery        = "BS1508"
	codeColumn       = "BS1509"

	codeBoundaryType  = "BS1510"
	codeBoundaryState = "BS1511"
)

// Codes explains every code that reading and building can give, by number.
func Codes() []source.Code {
	codes := source.Codes()
	codes = append(codes, fileCodes()...)
	codes = append(codes, profileCodes()...)
	codes = append(codes, nameCodes()...)
	codes = append(codes, messageCodes()...)
	return append(codes, componentCodes()...)
}

func fileCodes() []source.Code {
	return []source.Code{
		{ID: codePlace, Name: "file in no known place", Explanation: "A schema's path says what it is, so a file elsewhere would be passed over in silence.", Remedy: "Move it to <context>/<component>/… as the dialect describes."},
		{ID: codeName, Name: "bad name", Explanation: "Names become Go, SQL, URLs and file names on every system; one spelling works in all of them.", Remedy: "Use lower-case words joined by single underscores."},
		{ID: codeReservedName, Name: "reserved name", Explanation: "Go, the compiler or the generated code uses the name itself.", Remedy: "Choose another name."},
		{ID: codeSchemaLine, Name: "wrong $schema line", Explanation: "Editors complete and check a file by the meta-schema that its first line names.", Remedy: "Write the line that the message shows."},
		{ID: codeRoot, Name: "not an object", Explanation: "Messages, states and rows are objects, so that they can gain properties later.", Remedy: "Write \"type\": \"object\" and put the value into a property."},
		{ID: codeComponent, Name: "unclear component", Explanation: "A component is one actor, one projection or one reactor, and only actors have messages.", Remedy: "Give each component a folder of its own, with one main file."},
		{ID: codeTwin, Name: "names equal without underscores", Explanation: "Go packages are named without underscores, so list_name and listname would be one package.", Remedy: "Rename one of the two."},
		{ID: codeSameName, Name: "command and event of one name", Explanation: "A command is a wish, an event a fact; with one name the two are confused, and their Go types clash.", Remedy: "Name commands as orders and events in the past tense."},
		{ID: codeVersion, Name: "versions do not fit", Explanation: "Each older version of an event is upcast to its successor, so the versions lead to the current one without a gap.", Remedy: "Keep <event>.json as the newest version and number the others below it."},
	}
}

func profileCodes() []source.Code {
	return []source.Code{
		{ID: codeUnknown, Name: "unknown keyword", Explanation: "JSON Schema ignores what it does not know, so a misspelt keyword would check nothing.", Remedy: "Correct the spelling, or delete the keyword."},
		{ID: codeUnsupported, Name: "keyword outside the profile", Explanation: "The keyword has no exact counterpart in Go types, and a type that accepts less or more than its schema is a trap.", Remedy: "Say it with the keywords of the profile; the message proposes how."},
		{ID: codeMisplaced, Name: "keyword without effect here", Explanation: "The keyword exists, but says nothing at this place or about this type.", Remedy: "Move it to where it belongs, or delete it."},
		{ID: codeShape, Name: "wrong kind of value", Explanation: "The keyword's value is not of the form that the dialect gives it.", Remedy: "Write a value of the form that the message names."},
		{ID: codeMissing, Name: "something is missing", Explanation: "A keyword or key without which the rest has no meaning is absent.", Remedy: "Add it."},
		{ID: codeNoType, Name: "no type", Explanation: "A schema that does not say its type accepts anything, and Go has no type for that worth having.", Remedy: "Write a type, or $ref, const, enum, oneOf, anyOf or allOf."},
		{ID: codeType, Name: "type outside the profile", Explanation: "A value has one type, and may be null beside it.", Remedy: "Name one type, or one type and \"null\"."},
		{ID: codeFormat, Name: "unknown format", Explanation: "Validators ignore formats that they do not know, so a misspelt one would check nothing.", Remedy: "Use a format of the dialect, or a pattern."},
		{ID: codePattern, Name: "bad pattern", Explanation: "Patterns are RE2 expressions, which run in linear time and need no lookaround.", Remedy: "Rewrite the pattern in RE2 syntax."},
		{ID: codeBounds, Name: "impossible bounds", Explanation: "The bounds do not fit the type, or leave no value between them.", Remedy: "Correct the bounds."},
		{ID: codeEnum, Name: "bad enum", Explanation: "An enum is a set of different strings, each of which its own schema accepts, and lists null itself if null is allowed.", Remedy: "Correct the list."},
		{ID: codeConst, Name: "impossible constant", Explanation: "The constant is refused by the keywords beside it, so no value could ever be valid.", Remedy: "Correct the constant or its type."},
		{ID: codeItems, Name: "array without items", Explanation: "An array needs the schema of its elements to have a Go type.", Remedy: "Write \"items\"."},
		{ID: codeRequired, Name: "required but not declared", Explanation: "A required name without a property is nearly always a misspelling, and the property could never be set from Go.", Remedy: "Declare the property, or correct the name."},
		{ID: codeReservedProperty, Name: "reserved property came back", Explanation: "Old data may still hold the name with its former meaning.", Remedy: "Give the new property a new name."},
		{ID: codeRef, Name: "$ref leads nowhere", Explanation: "References go to $defs entries and whole files below schemas, and nothing is loaded from elsewhere.", Remedy: "Write a relative path and #/$defs/name."},
		{ID: codeBesideRef, Name: "constraint beside $ref", Explanation: "A reference takes the named type as it is; a constraint beside it would make another, nameless type.", Remedy: "Put the constraint into the schema referred to."},
		{ID: codeRefCycle, Name: "reference to itself", Explanation: "The reference leads back to itself without an object in between, so it describes nothing.", Remedy: "Let the recursion pass through a property of an object."},
		{ID: codeEndless, Name: "value without an end", Explanation: "Every value would hold another of its kind, for ever.", Remedy: "Make the recursive property optional, nullable or an array."},
		{ID: codeUnion, Name: "choice that cannot be told apart", Explanation: "The arm of a choice is found by one constant property that all arms share.", Remedy: "Write oneOf objects with such a property, or [schema, {\"type\": \"null\"}]."},
		{ID: codeAllOf, Name: "allOf that cannot be merged", Explanation: "allOf merges open objects without common properties into one struct.", Remedy: "Write the properties out, or close the whole with unevaluatedProperties: false."},
		{ID: codeDefault, Name: "impossible default", Explanation: "Decoding would fill in a value that the schema itself refuses.", Remedy: "Correct the default or the schema."},
		{ID: codeExample, Name: "impossible example", Explanation: "Examples are shown to people and used by tests, so they must be valid.", Remedy: "Correct the example or the schema."},
		{ID: codeInvalid, Name: "not valid JSON Schema", Explanation: "A complete implementation of JSON Schema 2020-12 refuses the file.", Remedy: "Compare the place with the standard."},
	}
}

func nameCodes() []source.Code {
	return []source.Code{
		{ID: codeGoName, Name: "no Go name", Explanation: "No exported Go name can be derived, for example because the first letter has no upper case.", Remedy: "Write \"x-go-name\"."},
		{ID: codeCollision, Name: "Go names clash", Explanation: "Two things of one package, struct, handler or enum would have the same Go name.", Remedy: "Write \"x-go-name\" on one of them, or rename it."},
		{ID: codeUnresolved, Name: "name resolves to nothing", Explanation: "Names are looked up in the component, then in the context, then everywhere; there is nothing of that name.", Remedy: "Correct the name, or write it with its component in front."},
		{ID: codeWrongName, Name: "name of something else", Explanation: "The name exists but is not of the kind that is needed here.", Remedy: "Name something of the right kind."},
		{ID: codeTwice, Name: "listed twice", Explanation: "The second mention adds nothing and hides what was meant.", Remedy: "Delete or correct one of the two."},
		{ID: codeCycle, Name: "packages in a circle", Explanation: "Components that refer to each other's types or fold each other's events would be Go packages that import each other.", Remedy: "Move what both need into types.json, or cut one of the edges."},
	}
}

func messageCodes() []source.Code {
	return []source.Code{
		{ID: codeReservedField, Name: "reserved property of commands", Explanation: "Forms, signals and requests carry stream_id, command_id and if_version beside the command's own properties.", Remedy: "Rename the property."},
		{ID: codeForeign, Name: "event of another actor", Explanation: "Only its own actor decides an event, and an actor reacts to its own events only.", Remedy: "Use an own event, or a reactor."},
		{ID: codeRetired, Name: "retired event emitted", Explanation: "A retired event is still read, but no new one may be written.", Remedy: "Emit its successor."},
		{ID: codeRefusal, Name: "undefined refusal", Explanation: "A code in an array is defined, with its text, in actor.json.", Remedy: "Define it there."},
		{ID: codeRefusalTwice, Name: "refusal defined twice", Explanation: "A code has one meaning within a component.", Remedy: "Define it once in actor.json and name it in the commands."},
		{ID: codeBuiltin, Name: "built-in refusal", Explanation: "The engine gives these refusals itself, with the same meaning everywhere.", Remedy: "Choose another code."},
		{ID: codeAt, Name: "refusal at no property", Explanation: "A refusal is shown at a property of its command, and there is no such property.", Remedy: "Name a property of the command."},
		{ID: codeSettles, Name: "settling event lacks data", Explanation: "The fields of a refusal that comes later are taken from the event that brings it.", Remedy: "Give the event the same properties with the same types."},
		{ID: codeTag, Name: "bad tag", Explanation: "Tags are indexed as single values.", Remedy: "Tag a string, integer, boolean, or an array of them."},
		{ID: codePersonal, Name: "personal data in public places", Explanation: "Ids and tags are logged, indexed and shown, where personal data may not be.", Remedy: "Use an id that stands for the person."},
		{ID: codeTrim, Name: "x-trim on what is no string", Explanation: "Only plain strings have white space to cut.", Remedy: "Delete x-trim."},
		{ID: codeRenamed, Name: "impossible old name", Explanation: "A name that is in use cannot be an old name of something else.", Remedy: "Correct x-renamed-from."},
		{ID: codeDuration, Name: "bad duration", Explanation: "Delays have a fixed length: weeks, or days, hours, minutes and seconds.", Remedy: "Write it in ISO 8601, such as PT10S or P1DT12H."},
	}
}

func componentCodes() []source.Code {
	return []source.Code{
		{ID: codeID, Name: "bad x-id", Explanation: "A stream is identified by a string, or by properties that every creating command has.", Remedy: "Write a string schema, or an array of required properties of the creating command."},
		{ID: codeReactionName, Name: "reaction without a name of its own", Explanation: "Each reaction is a method of the handler.", Remedy: "Give it a \"name\"."},
		{ID: codeKey, Name: "bad x-key", Explanation: "A key is made of single values that are always there, and every event of a reactor has one.", Remedy: "Name required properties with one value."},
		{ID: codeBoundary, Name: "bad x-boundary", Explanation: "A boundary pairs a tag of folded events with a property of the commands.", Remedy: "Name a tag and a property that exist."},
		{ID: codeEvolves, Name: "x-evolves without x-boundary", Explanation: "An actor's state is folded from its own stream; foreign events come in through a boundary only.", Remedy: "Add x-boundary, or use a reaction."},
		{ID: codeSnapshot, Name: "snapshot of a boundary", Explanation: "A boundary's state depends on the command, so there is nothing to keep.", Remedy: "Delete x-snapshot-every."},
		{ID: codeProperty, Name: "no such property", Explanation: "An index or query names a property that the projection does not have.", Remedy: "Correct the name."},
		{ID: codeQuery, Name: "impossible query", Explanation: "The condition can never hold, or the operator does not fit the property.", Remedy: "Correct the query as the message says."},
		{ID: codeBoundaryType, Name: "boundary of another type", Explanation: "A boundary compares texts: a value that one schema writes as a uuid and the other as a number would never be found.", Remedy: "Give the command's property and the tagged property of the event the same type and format."},
		{ID: codeBoundaryState, Name: "state of another type than the command", Explanation: "The state of a boundary actor takes the command's properties of equal names before it is folded.", Remedy: "Give both the same type, or one of them another name."},
		{ID: codeColumn, Name: "impossible column", Explanation: "SQL has one NULL, so a column cannot be both absent and null, and a table's columns are fixed.", Remedy: "Make the property required, or not nullable."},
	}
}
