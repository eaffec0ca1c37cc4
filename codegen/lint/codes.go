package lint

import "github.com/backstory-go/backstory/codegen/source"

// The codes of this package. A code is never given to another rule: people find
// explanations by it.
const (
	codeUnheard    = "BS2001"
	codeUnemitted  = "BS2002"
	codeUnsent     = "BS2003"
	codeNoOutcome  = "BS2004"
	codeUnanswered = "BS2005"
	codeCircle     = "BS2006"
	codeUnread     = "BS2007"
	codeUnusedCode = "BS2008"
	codeInteger    = "BS2009"
	codeOpen       = "BS2010"

	codeNotEmitted    = "BS2101"
	codeNotDispatched = "BS2102"
	codeNotFolded     = "BS2103"
	codeNotRead       = "BS2104"
	codeNotChecked    = "BS2105"
)

// Codes explains every code that Flow and Code can give, by number.
func Codes() []source.Code { return append(flowCodes(), codeCodes()...) }

func flowCodes() []source.Code {
	return []source.Code{
		{ID: codeUnheard, Name: "event that nobody hears", Explanation: "No state, projection or reaction uses the event, so storing it changes nothing that anybody could see.", Remedy: "Project it, react to it, give its actor a state that it changes, or delete it."},
		{ID: codeUnemitted, Name: "event that nothing emits", Explanation: "Handlers can emit only what their command declares, so no new event of this type can ever be stored.", Remedy: "Add it to the x-emits of a command, or write \"x-retired\": true if only old ones are to be read."},
		{ID: codeUnsent, Name: "internal command that nobody dispatches", Explanation: "Only reactions may dispatch an internal command, and none declares it, so it can never run.", Remedy: "Add it to the dispatches of a reaction, delete x-internal, or delete the command."},
		{ID: codeNoOutcome, Name: "command without an outcome", Explanation: "The command can neither emit an event nor be refused, so sending it tells nobody anything.", Remedy: "Declare what it emits in x-emits, or delete it."},
		{ID: codeUnanswered, Name: "refusal that nobody answers", Explanation: "A reaction dispatches a command that may be refused, and does not say what happens then: the flow would end in silence.", Remedy: "Add on_refused to the reaction, with the commands to send then, or [] to ignore it knowingly."},
		{ID: codeCircle, Name: "circle of reactions without an exit", Explanation: "Every declared outcome of every command on the circle leads to the next one, so one message would never come to rest.", Remedy: "Let a command on it refuse, or emit an event that nothing on the circle follows."},
		{ID: codeUnread, Name: "projection that is hard to read", Explanation: "A projection with a key of several properties and no query can be read only with the whole key in hand, or all at once.", Remedy: "Declare in x-queries how it is read, or give it a key of one property."},
		{ID: codeUnusedCode, Name: "refusal that no command gives", Explanation: "The code is defined, explained to people and translated, and no command can return it.", Remedy: "Name it in the x-rejects of a command, or delete it."},
		{ID: codeInteger, Name: "integer beyond JavaScript's", Explanation: "Browsers read numbers as 64-bit floating point and garble integers beyond 2^53, so an accepted value could differ from the one sent.", Remedy: "Write a minimum and a maximum within ±9007199254740992."},
		{ID: codeOpen, Name: "command that accepts anything more", Explanation: "Properties that the schema does not name are dropped without a word, so a misspelt optional one is lost.", Remedy: "Write \"additionalProperties\": false."},
	}
}

func codeCodes() []source.Code {
	return []source.Code{
		{ID: codeNotEmitted, Name: "declared event that no code emits", Explanation: "The diagrams show an edge from the command to the event, and no code can take it: the emitter's method is neither called nor handed on.", Remedy: "Emit the event, or take it out of x-emits."},
		{ID: codeNotDispatched, Name: "declared command that no code dispatches", Explanation: "The diagrams show an edge from the reaction to the command, and no code can take it: the dispatcher's method is neither called nor handed on.", Remedy: "Dispatch the command, or take it out of the reaction."},
		{ID: codeNotFolded, Name: "event that changes nothing", Explanation: "The method that folds the event is empty, and no projection or reaction uses the event either.", Remedy: "Fold it, project it, or stop emitting it."},
		{ID: codeNotRead, Name: "projection that no code reads", Explanation: "The table is kept up to date with every event, and no code outside the generated calls one of its queries.", Remedy: "Read it, or delete the projection."},
		{ID: codeNotChecked, Name: "code that was not checked", Explanation: "Only code that compiles says what it emits and dispatches.", Remedy: "Make it compile, then lint again."},
	}
}
