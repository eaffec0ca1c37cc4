package contract_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/contract"
	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

func build(t testing.TB) *model.System {
	t.Helper()
	tree, faults := source.Read("testdata/schemas")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	sys, faults := model.Build(tree, "example.com/corner_shop/v2")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return sys
}

// writers are the documents by the name of their golden file.
func writers() map[string]func(*model.System) ([]byte, error) {
	return map[string]func(*model.System) ([]byte, error){
		"asyncapi.json": contract.AsyncAPI, "openapi.json": contract.OpenAPI,
	}
}

func TestGolden(t *testing.T) {
	for name, write := range writers() {
		t.Run(name, func(t *testing.T) {
			got, err := write(build(t))
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", name), string(got))
		})
	}
}

func TestSameBytesAgain(t *testing.T) {
	for name, write := range writers() {
		want, err := write(build(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if got, _ := write(build(t)); !bytes.Equal(got, want) {
				t.Fatalf("%s: two runs differ", name)
			}
		}
	}
}

// Every reference leads somewhere in its document, no keyword of the dialect is
// left, and no personal data.
func TestDocumentsAreClosed(t *testing.T) {
	for name, write := range writers() {
		data, err := write(build(t))
		if err != nil {
			t.Fatal(err)
		}
		var root any
		if err := json.Unmarshal(data, &root); err != nil {
			t.Fatal(err)
		}
		walk(root, func(key string, value any) {
			if strings.HasPrefix(key, "x-") {
				t.Errorf("%s: the keyword %s is left", name, key)
			}
			if ref, ok := value.(string); ok && key == "$ref" && find(root, ref) == nil {
				t.Errorf("%s: %s leads nowhere", name, ref)
			}
		})
		for _, secret := range []string{"Secret Lane", "ann@", "4111"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds the personal %q", name, secret)
			}
		}
	}
}

func TestInternalCommandsCannotBeSent(t *testing.T) {
	open, err := contract.OpenAPI(build(t))
	if err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]bool{"place": true, "cancel": true, "expire": false, "refuse_number": false} {
		if got := bytes.Contains(open, []byte(`"/api/commands/shop.order.`+command+`"`)); got != want {
			t.Errorf("%s has a path: %v, want %v", command, got, want)
		}
	}
	async, err := contract.AsyncAPI(build(t))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Operations map[string]struct{ Action string }
	}
	if err := json.Unmarshal(async, &document); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"place": "send", "placed": "receive", "expire": ""} {
		if got := document.Operations["shop.order."+name].Action; got != want {
			t.Errorf("%s: the action is %q, want %q", name, got, want)
		}
	}
}

// The schemas of the documents judge values as the files they come from do.
func TestSchemasJudgeValues(t *testing.T) {
	data, err := contract.OpenAPI(build(t))
	if err != nil {
		t.Fatal(err)
	}
	patterns := regexp.MustCompile(`"pattern": ".*"`) // Go cannot read those of ECMAScript
	c := jsonschema.NewCompiler()
	c.Draft, c.AssertFormat = jsonschema.Draft2020, true
	if err := c.AddResource("doc:///open", bytes.NewReader(patterns.ReplaceAll(data, []byte(`"deprecated": false`)))); err != nil {
		t.Fatal(err)
	}
	order := `{"number": "A1", "lines": [{"item_id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "amount": 2}], "email": "a@b.c", "address": {"street": "x"}, "payment": {"kind": "cash"}`
	tests := []struct {
		name, schema, value string
		valid               bool
	}{
		{"all required", "shop.order.place", order + `}`, true},
		{"null", "shop.order.place", order + `, "gift": null}`, true},
		{"a map by uuid", "shop.order.place", order + `, "extras": {"6ba7b810-9dad-11d1-80b4-00c04fd430c8": true}}`, true},
		{"a map by another key", "shop.order.place", order + `, "extras": {"x": true}}`, false},
		{"no such colour", "shop.order.place", order + `, "color": "green"}`, false},
		{"a closed object", "shop.order.place", order + `, "more": 1}`, false},
		{"a missing property", "shop.order.place", `{"number": "A1"}`, false},
		{"an open object", "shop.order.State", `{"status": "open", "lines": [], "more": 1}`, true},
		{"a null reference", "shop.order.State", `{"status": "open", "lines": [], "paid": null}`, true},
		{"no such arm", "shop.order.State", `{"status": "open", "lines": [], "paid": {"kind": "shells"}}`, false},
		{"no id of the actor", "shop.order_number.reserve", `{"order": "1"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			schema, err := c.Compile("doc:///open#/components/schemas/" + tt.schema)
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal([]byte(tt.value), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != tt.valid {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEmptySystem(t *testing.T) {
	for name, write := range writers() {
		data, err := write(&model.System{})
		if err != nil || !json.Valid(data) || bytes.Contains(data, []byte("null,")) {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
	}
}

func TestRedact(t *testing.T) {
	sys := build(t)
	place := sys.Contexts[1].Actors[0].Commands[4]
	if place.Name != "place" {
		t.Fatal(place.Name)
	}
	tests := []struct{ name, example, want string }{
		{"a property", `{"number": "A1", "email": "ann@example.com"}`, `{"number":"A1","email":"…"}`},
		{"in an object", `{"address": {"street": "Lane", "zip": "12345"}}`, `{"address":{"street":"…","zip":"12345"}}`},
		{"in an arm of a union", `{"payment": {"number": "1", "kind": "card"}}`, `{"payment":{"number":"…","kind":"card"}}`},
		{"nothing", `{"number": "A1",  "color": "red"}`, `{"number": "A1",  "color": "red"}`},
		{"no JSON", `{"number": `, `"…"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, personal := contract.Redact(place.Body, json.RawMessage(tt.example), "…")
			if string(got) != tt.want || personal != (tt.example != tt.want) {
				t.Errorf("got %s, %v; want %s", got, personal, tt.want)
			}
		})
	}
}

func walk(value any, visit func(key string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			visit(key, inner)
			walk(inner, visit)
		}
	case []any:
		for _, inner := range v {
			walk(inner, visit)
		}
	}
}

func find(root any, ref string) any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	for _, key := range strings.Split(path, "/") {
		members, _ := root.(map[string]any)
		root = members[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)]
	}
	return root
}
