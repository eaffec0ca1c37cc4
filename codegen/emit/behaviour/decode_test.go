package behaviour

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos/list"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/ids"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/order"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/types"
	"github.com/backstory-go/backstory/engine"
	"github.com/google/go-cmp/cmp"
)

func TestEveryFaultIsReported(t *testing.T) {
	instance := valid()
	instance["size"], instance["price"], instance["maybe_number"] = `12`, `1e400`, `9223372036854775808`
	instance["address"] = `{"street":"","lines":["1",2],"zip":"1","a/b~c":1}`
	instance["shape"], instance["tags"], instance["mail"], instance["type"] = `{"kind":"circle","radius":"1"}`, `["a","a"]`, `"ann"`, `"  "`
	delete(instance, "day")
	instance["id"] = `"1"`
	_, err := order.DecodePlace(text(instance))
	got := map[string]string{}
	for _, f := range faults(t, err) {
		got[f.Pointer] = f.Code + ": " + f.Message
	}
	want := map[string]string{
		"/size": "too_large: must be at most 9", "/price": "out_of_range: is too large a number", "/maybe_number": "out_of_range: is too large a number",
		"/address/street": "too_short: must not be empty", "/address/lines/1": "type: must be text", "/address/zip": "pattern: is not written as it must be",
		"/address/a~1b~0c": "undeclared: is not a known field", "/shape/radius": "type: must be a number", "/tags/1": "not_unique: is on the list twice",
		"/mail": "format: must be an email address", "/type": "too_short: must not be empty", "/day": "required: is required", "/id": "format: must be a UUID",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStrictRefusesWhatSyntaxLeavesOpen(t *testing.T) {
	tests := []struct{ name, data, pointer, code string }{
		{"not JSON", `{"text":"x"`, "", engine.FaultSyntax},
		{"empty", ``, "", engine.FaultSyntax},
		{"two values", `{"text":"x"}{}`, "", engine.FaultSyntax},
		{"twice", `{"text":"x","text":"y"}`, "/text", engine.FaultDuplicate},
		{"twice, escaped", `{"text":"x","te\u0078t":"y"}`, "/text", engine.FaultDuplicate},
		{"not UTF-8", "{\"text\":\"\xff\"}", "", engine.FaultEncoding},
		{"half a character", `{"text":"\ud800"}`, "/text", engine.FaultEncoding},
		{"another case", `{"Text":"x"}`, "/Text", engine.FaultUndeclared},
		{"no object", `[]`, "", engine.FaultType},
		{"null", `null`, "", engine.FaultType},
		{"too long", `{"text":"` + strings.Repeat("ä", 201) + `"}`, "/text", engine.FaultTooLong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := list.DecodeAddItem([]byte(test.data))
			first := faults(t, err)[0]
			if first.Pointer != test.pointer || first.Code != test.code {
				t.Errorf("got %+v", first)
			}
		})
	}
}

func TestTrimmedTextIsCutBeforeItIsJudged(t *testing.T) {
	got, err := list.DecodeAddItem([]byte("{\"text\":\" \u2003" + strings.Repeat("😀", 200) + "\u00a0\"}"))
	if err != nil || got.Text != strings.Repeat("😀", 200) {
		t.Errorf("got %q, %v", got.Text, err)
	}
}

func TestStoredIsTolerant(t *testing.T) {
	instance := valid()
	instance["size"], instance["unknown"], instance["version_tag"], instance["color"] = `1000`, `1`, `"v0"`, `"gone"`
	instance["title"] = `"old name"`
	delete(instance, "name")
	delete(instance, "list")
	delete(instance, "theme")
	got, err := order.DecodeStoredPlaced(engine.StoredDecoder(), text(instance), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Size != 1000 || got.Name != "old name" || got.Theme != "dark" || len(got.List) != 2 || got.Color != "gone" {
		t.Errorf("got %+v", got)
	}
	if _, err := order.DecodeStoredPlaced(engine.StoredDecoder(), text(valid()), 2); err == nil {
		t.Error("a version that no schema describes was read")
	}
	instance["size"] = `"text"`
	if _, err := order.DecodeStoredPlaced(engine.StoredDecoder(), text(instance), 1); err == nil {
		t.Error("text was read as a number")
	}
}

func TestAbsentNullAndValueAreKeptApart(t *testing.T) {
	for _, value := range []string{"", `null`, `7`} {
		instance := valid()
		instance["maybe_number"] = value
		if value == "" {
			delete(instance, "maybe_number")
		}
		got, err := order.DecodePlaced(text(instance))
		if err != nil {
			t.Fatal(err)
		}
		n, there := got.MaybeNumber.Get()
		if got.MaybeNumber.IsZero() != (value == "") || got.MaybeNumber.IsNull() != (value == `null`) || there != (n == 7) {
			t.Errorf("%q: got %+v", value, got.MaybeNumber)
		}
		data, err := json.Marshal(got)
		var back map[string]json.RawMessage
		if err != nil || json.Unmarshal(data, &back) != nil || string(back["maybe_number"]) != value {
			t.Errorf("%q was encoded as %q, %v", value, back["maybe_number"], err)
		}
	}
}

func TestEncodingKeepsConstantsAndExtra(t *testing.T) {
	data, err := json.Marshal(order.Touched{Note: "n", Order: "o", Extra: map[string]int64{"x": 1}})
	if err != nil || string(data) != `{"note":"n","order":"o","x":1}` {
		t.Errorf("got %s, %v", data, err)
	}
	if data, err = json.Marshal(types.Polygon{Points: [][]float64{nil}}); err != nil || string(data) != `{"kind":"polygon","points":[[]]}` {
		t.Errorf("got %s, %v", data, err)
	}
	data, err = json.Marshal(types.Polygon{Points: nil})
	if err != nil || string(data) != `{"kind":"polygon","points":[]}` {
		t.Errorf("got %s, %v", data, err)
	}
}

func TestIDsAreNormalised(t *testing.T) {
	a, err := ids.ParseOrder("  Straße e\u0301 ")
	b, errB := ids.ParseOrder("STRASSE É")
	if err != nil || errB != nil || a != b {
		t.Errorf("got %q, %v and %q, %v", a, err, b, errB)
	}
	for _, wrong := range []string{"", "  ", strings.Repeat("x", 21)} {
		if _, err := ids.ParseOrder(wrong); len(faults(t, err)) != 1 {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	if _, err := ids.ParseStock("x"); faults(t, err)[0].Message != "must be a UUID" {
		t.Errorf("got %v", err)
	}
}

func TestStateSurvivesStorage(t *testing.T) {
	s := order.NewState()
	if s.Total != 3 || s.Theme != "dark" {
		t.Errorf("got %+v", s)
	}
	s.Theme, s.Shapes = "", []types.Shape{types.Circle{Radius: 1}, nil}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := engine.DecodeStored(data, order.ReadState)
	if err != nil || got.Theme != "" || len(got.Shapes) != 2 || got.Shapes[1] != nil {
		t.Errorf("got %+v, %v of %s", got, err, data)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	text := "a"
	s := &order.State{Matrix: [][]int64{{1}}, Last: &text, Lookup: map[string]types.Address{"a": {Lines: []string{"x"}}},
		Shapes: []types.Shape{types.Polygon{Points: [][]float64{{1}}}}, Nodes: []types.Node{{Next: engine.Some(types.Node{Children: engine.Some([]types.Node{{Value: 1}})})}}}
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Clone()
	c.Matrix[0][0], *c.Last, c.Lookup["a"].Lines[0] = 2, "b", "y"
	c.Shapes[0].(types.Polygon).Points[0][0] = 2
	next, _ := c.Nodes[0].Next.Get()
	next.Children.Or(nil)[0].Value = 2
	if after, err := json.Marshal(s); err != nil || string(before) != string(after) {
		t.Errorf("%v\n%s\n%s", err, before, after)
	}
}
