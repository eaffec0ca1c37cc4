package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/source"
)

// group is one group of the official suite.
type group struct {
	file        string
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

// readSuite reads the groups of draft 2020-12: the root files and optional ones.
func readSuite(t *testing.T) []group {
	t.Helper()
	dir := os.Getenv("JSON_SCHEMA_TEST_SUITE")
	if dir == "" {
		t.Skip("set JSON_SCHEMA_TEST_SUITE to the tests folder of the official JSON-Schema-Test-Suite to run it")
	}
	dir = filepath.Join(dir, "draft2020-12")
	var groups []group
	for _, pattern := range []string{"*.json", "optional/*.json", "optional/format/*.json"} {
		names, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("no %s in %s: %v", pattern, dir, err)
		}
		for _, name := range names {
			groups = append(groups, readGroups(t, dir, name)...)
		}
	}
	return groups
}

func readGroups(t *testing.T, dir, name string) []group {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []group
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].file = filepath.ToSlash(rel)
	}
	return list
}

// check is a question with the right answer.
type check struct {
	question
	what    string
	schema  map[string]any
	valid   bool
	suite   bool // what the suite says, which is about formats as annotations and other types, too
	oracled bool
}

// run is one pass over the suite.
type run struct {
	t                        *testing.T
	module                   *module
	checks                   []check
	refusals                 []string
	compiled, refused, typed int
	profile                  int // groups of the profile alone, which must compile
}

// TestOfficialSuite puts every group through the compiler: either it is refused,
// as testdata/refused.txt lists, or its decoder judges as the suite does.
func TestOfficialSuite(t *testing.T) {
	r := &run{t: t, module: newModule(t)}
	for i, g := range readSuite(t) {
		r.group(i, g)
	}
	golden.Check(t, "testdata/refused.txt", "file\tgroup\tcodes\treason\twith the types added that its keywords need\n"+strings.Join(r.refusals, "\n")+"\n")
	golden.Check(t, "testdata/differs.txt", "file\tgroup\ttest\tdecoder\tsuite\tjsonschema/v5\treason\n"+strings.Join(r.judge(), "\n")+"\n")
	if r.compiled < 40 || r.typed < 100 || r.profile < 30 || len(r.checks) < 1000 {
		t.Error("the suite has lost its teeth: look at what is read, and at what is compiled")
	}
	t.Logf("%d groups compiled as they stand (of those, and of the refused, %d are of the profile alone), %d refused, %d of these run with types added; %d instances",
		r.compiled, r.profile, r.refused, r.typed, len(r.checks))
}

func (r *run) group(i int, g group) {
	schema := decodeJSON(r.t, g.Schema)
	name := fmt.Sprintf("g%d", i)
	event := wrap(schema)
	faults := r.compile(name, event, g)
	if faults == nil {
		r.compiled++
		if inProfile(schema) {
			r.profile++
		}
		for _, test := range g.Tests {
			r.ask(name, event, g, test.Description, test.Data, test.Valid, test.Valid, false)
		}
		return
	}
	r.refused++
	if inProfile(schema) {
		r.profile++
	}
	if mistaken(schema, strings.Fields(codes(faults))) {
		r.t.Errorf("%s: %s: uses the profile only and is refused: %s %s", g.file, g.Description, codes(faults), faults[0].Message)
	}
	r.refusals = append(r.refusals, strings.Join([]string{g.file, oneLine(g.Description), codes(faults), oneLine(faults[0].Message), r.withTypes(i, g, schema)}, "\t"))
}

// withTypes runs the group again with the types that its keywords need; the
// judge is then the reference implementation. It says what came of it.
func (r *run) withTypes(i int, g group, schema any) string {
	var values []any
	for _, test := range g.Tests {
		values = append(values, decodeJSON(r.t, test.Data))
	}
	completed := complete(rename(schema), values)
	if reflect.DeepEqual(completed, schema) {
		return "-"
	}
	event := wrap(completed)
	name := fmt.Sprintf("t%d", i)
	if faults := r.compile(name, event, g); faults != nil {
		return "with types " + codes(faults)
	}
	judge, err := oracle(event)
	if err != nil {
		r.t.Errorf("%s: %s: with types: %v", g.file, g.Description, err)
		return "broken"
	}
	r.typed++
	for _, test := range g.Tests {
		instance := decodeJSON(r.t, []byte(`{"v":`+string(test.Data)+`}`))
		r.ask(name, event, g, test.Description, test.Data, judge.Validate(instance) == nil, test.Valid, true)
	}
	return "runs with types"
}

func (r *run) compile(name string, event map[string]any, g group) source.Faults {
	u := unit{name: name, events: map[string]any{"e": event}}
	files, faults, err := compile(u)
	if err != nil {
		r.t.Errorf("%s: %s: the compiler fails: %v", g.file, g.Description, err)
		return source.Faults{{Code: "failed", Message: err.Error()}}
	}
	if faults != nil {
		return faults
	}
	r.module.add(u, files)
	return nil
}

func (r *run) ask(name string, event map[string]any, g group, what string, data []byte, valid, suite, oracled bool) {
	r.checks = append(r.checks, check{
		question: question{name + "/e", `{"v":` + string(data) + `}`}, schema: event, valid: valid, suite: suite, oracled: oracled,
		what: strings.Join([]string{g.file, oneLine(g.Description), oneLine(what)}, "\t"),
	})
}

// judge asks all questions. It returns the tests about which the suite, the
// reference implementation and the decoder are not of one mind: such may be in
// the optional files only, and there the decoder has to agree with one of them.
func (r *run) judge() []string {
	questions := make([]question, len(r.checks))
	for i, c := range r.checks {
		questions[i] = c.question
	}
	var differs []string
	for i, a := range r.module.ask(r.t, questions) {
		c := r.checks[i]
		optional := strings.HasPrefix(c.what, "optional/") && (!c.oracled || strings.HasPrefix(c.Data, `{"v":"`))
		v5 := c.valid
		if !c.oracled {
			v5 = r.oracle(c)
		}
		excused := outOfRange(c.valid, a) || optional && (a.OK == v5 || a.OK == c.suite)
		if a.OK != c.valid && !excused {
			r.t.Errorf("%s: valid is %t, the decoder says %t: %s\n%s", c.what, c.valid, a.OK, a.Fault, c.Data)
			continue
		}
		if optional && (a.OK != c.suite || a.OK != v5) && !outOfRange(c.valid, a) {
			differs = append(differs, fmt.Sprintf("%s\t%t\t%t\t%t\t%s", c.what, a.OK, c.suite, v5, reason(c.what, a.OK, c.suite)))
		}
		if a.OK {
			if err := sameValue(c.schema, c.Data, a.Encoded); err != nil || a.Fault != "" {
				r.t.Errorf("%s: %v %s", c.what, err, a.Fault)
			}
		}
	}
	return differs
}

// reason says why the decoder judges otherwise than the suite, or than the
// reference implementation.
func reason(what string, decoder, suite bool) string {
	file, _, _ := strings.Cut(what, "\t")
	switch {
	case decoder == suite:
		return "jsonschema/v5 is wrong about the standard; the decoder follows the suite"
	case file == "optional/ecmascript-regex.json":
		return "patterns are RE2, as the dialect says: its classes are ASCII"
	case file == "optional/format/ecmascript-regex.json":
		return "the format regex means RE2, as patterns do"
	case strings.HasSuffix(file, "hostname.json"):
		return "the decoder checks letters, digits and hyphens, as jsonschema/v5 does; it does not decode punycode"
	}
	return "the decoder judges as jsonschema/v5 does"
}

// oracle is what the reference implementation says of a check.
func (r *run) oracle(c check) bool {
	judge, err := oracle(c.schema)
	if err != nil {
		r.t.Errorf("%s: %v", c.what, err)
		return false
	}
	return judge.Validate(decodeJSON(r.t, []byte(c.Data))) == nil
}

// outOfRange is the one deliberate difference of verdicts: numbers that Go
// cannot hold.
func outOfRange(valid bool, a answer) bool {
	return valid && !slices.ContainsFunc(a.Codes, func(code string) bool { return code != "out_of_range" }) && len(a.Codes) > 0
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
