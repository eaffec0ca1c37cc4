package behaviour

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/order"
	"github.com/backstory-go/backstory/engine"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"pgregory.net/rapid"
)

const schemas = "../testdata/wide/schemas/"

// oracle compiles a schema with the reference implementation.
func oracle(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.Draft, c.AssertFormat = jsonschema.Draft2020, true
	c.LoadURL = func(url string) (io.ReadCloser, error) {
		data, err := os.ReadFile(schemas + strings.TrimPrefix(url, "backstory:///"))
		if err != nil {
			return nil, err
		}
		var schema map[string]json.RawMessage
		if err := json.Unmarshal(data, &schema); err != nil {
			return nil, err
		}
		schema["$schema"] = json.RawMessage(`"https://json-schema.org/draft/2020-12/schema"`)
		data, err = json.Marshal(schema)
		return io.NopCloser(bytes.NewReader(data)), err
	}
	schema, err := c.Compile("backstory:///" + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func accepts(t interface{ Fatal(...any) }, schema *jsonschema.Schema, data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value) == nil
}

// valid is an instance of shop.order.placed with every property.
func valid() map[string]string {
	instance := map[string]string{
		"id": `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`, "at": `"2024-02-29T23:59:60Z"`, "day": `"2024-02-29"`, "clock": `"12:30:00+02:00"`,
		"wait": `"P1DT2H"`, "mail": `"ann@example.org"`, "site": `"https://example.org/a?b=c#d"`, "color": `"dark_blue"`, "slug": `"a-b"`,
		"size": `4`, "price": `12.34`, "ok": `true`, "tags": `["a","b"]`, "address": `{"street":"Main","zip":"12345","lines":["x"]}`,
		"node": `{"value":1,"next":{"value":2},"children":[{"value":3}]}`, "shape": `{"kind":"polygon","points":[[1,2],[3,4]]}`,
		"counts": `{"a":1}`, "by_id": `{"6ba7b810-9dad-11d1-80b4-00c04fd430c8":"x"}`, "nothing": `null`, "maybe_number": `5`, "limited": `"abc"`,
		"version_tag": `"v1"`, "nested": `{"deep":{"a":true},"extra":7}`, "theme": `"light"`, "level": `1`, "list": `[1]`,
	}
	for _, name := range []string{"type", "func", "json", "engine", "data", "error", "string", "out", "has", "raw", "d", "name", "value", "message_type", "clone", "uuid", "time"} {
		instance[name] = `"text"`
	}
	return instance
}

// values are what properties are set to: for each kind some that fit, and some
// that only nearly do.
var values = []string{
	`null`, `true`, `false`, `""`, `"x"`, `"abcd"`, `"äöü"`, `"a-b"`, `"A-B"`, `"red"`, `"RED-ish"`, `"blue"`, `"v1"`, `"aaaaaaaaaaaaaaaaaaaaa"`,
	`0`, `-0`, `1`, `1.0`, `4`, `4.00`, `40e-1`, `10`, `9`, `0.5`, `0.49`, `99.5`, `99.51`, `12.345`, `1e2`, `1e-2`, `-1.5`,
	`[]`, `["a"]`, `["a","a"]`, `["a",""]`, `[1]`, `[1,1.0]`, `[null]`, `["1","2","3","4"]`, `[[1,2]]`, `[[1]]`,
	`{}`, `{"a":1}`, `{"a":1,"b":2,"c":3}`, `{"a":1.5}`, `{"street":"x","lines":[]}`, `{"street":"","lines":[]}`, `{"street":"x","lines":[],"more":1}`,
	`{"street":"x","lines":["1","2","3","4"]}`, `{"street":"x","lines":[],"zip":"1234"}`, `{"value":1}`, `{"value":1.5}`, `{"value":1,"next":{"value":"x"}}`,
	`{"value":1,"children":[{"value":1},{}]}`, `{"kind":"circle","radius":1}`, `{"kind":"circle","radius":0}`, `{"kind":"circle"}`, `{"kind":"square"}`, `{"kind":1}`,
	`{"kind":"polygon","points":[]}`, `{"kind":"polygon","points":[[1,2,3]]}`, `{"deep":{"a":true}}`, `{"deep":{"a":1}}`, `{"deep":{},"x":1}`, `{"deep":{"a":true},"x":"y"}`,
	`{"6ba7b810-9dad-11d1-80b4-00c04fd430c8":"x"}`, `{"6ba7b810":"x"}`, `{"6ba7b810-9dad-11d1-80b4-00c04fd430c8":1}`,
	`"6BA7B810-9dad-11d1-80b4-00c04fd430c8"`, `"6ba7b8109dad11d180b400c04fd430c8"`, `"urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8"`,
	`"2024-02-29T10:00:00Z"`, `"2024-02-29t10:00:00z"`, `"2023-02-29T10:00:00Z"`, `"2024-02-29T24:00:00Z"`, `"2024-02-29T10:00:00"`, `"2024-12-31T23:59:60Z"`,
	`"2024-12-31T22:59:60Z"`, `"2024-12-31T23:59:60+01:00"`, `"2025-01-01T00:59:60+01:00"`, `"2024-01-01T10:00:00.5+23:59"`, `"2024-01-01T10:00:00+24:00"`, `"2024-01-01 10:00:00Z"`,
	`"2024-01-31"`, `"2024-01-32"`, `"2024-1-31"`, `"10:00:00Z"`, `"10:00:00"`, `"10:00:00.123z"`, `"23:59:60Z"`, `"10:60:00Z"`,
	`"P1D"`, `"PT36H"`, `"P2W"`, `"P1Y2M3DT4H5M6S"`, `"P"`, `"PT"`, `"P1W2D"`, `"P1Y2D"`, `"1D"`, `"PT0.5S"`, `"P1D2Y"`,
	`"ann@example.org"`, `"ann"`, `"@example.org"`, `"ann@"`, `"https://example.org"`, `"example.org/x"`, `"mailto:ann@example.org"`, `"http://exa mple.org"`,
}

func text(instance map[string]string) []byte {
	members := make([]string, 0, len(instance))
	for _, name := range slices.Sorted(maps.Keys(instance)) {
		members = append(members, fmt.Sprintf("%q: %s", name, instance[name]))
	}
	return []byte("{" + strings.Join(members, ", ") + "}")
}

// TestStrictAgrees sets every property to every value: one thing at a time.
func TestStrictAgrees(t *testing.T) {
	schema := oracle(t, "shop/order/events/placed.json")
	accepted := 0
	for _, name := range slices.Sorted(maps.Keys(valid())) {
		for _, value := range append(values, "absent") {
			instance := valid()
			instance[name] = value
			if value == "absent" {
				delete(instance, name)
			}
			data := text(instance)
			_, err := order.DecodePlaced(data)
			if err == nil {
				accepted++
			}
			if want := accepts(t, schema, data); want != (err == nil) {
				t.Errorf("%s = %s: the schema accepts it: %t, the decoder says %v", name, value, want, err)
			}
		}
	}
	if accepted < 200 {
		t.Errorf("only %d instances were accepted: the test has lost its teeth", accepted)
	}
}

func drawInstance(t *rapid.T) []byte {
	instance := valid()
	names := slices.Sorted(maps.Keys(instance))
	for range rapid.IntRange(0, 6).Draw(t, "changes") {
		name := rapid.SampledFrom(append(names, "unknown")).Draw(t, "name")
		if rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
			delete(instance, name)
			continue
		}
		instance[name] = rapid.SampledFrom(values).Draw(t, "value")
	}
	return text(instance)
}

func TestStrictAgreesOnSeveralFaults(t *testing.T) {
	schema := oracle(t, "shop/order/events/placed.json")
	rapid.Check(t, func(t *rapid.T) {
		data := drawInstance(t)
		_, err := order.DecodePlaced(data)
		if want := accepts(t, schema, data); want != (err == nil) {
			t.Fatalf("the schema accepts it: %t, the decoder says %v\n%s", want, err, data)
		}
	})
}

// TestWhatIsDecodedEncodesToTheSame: the second reading sees what the first saw.
func TestWhatIsDecodedEncodesToTheSame(t *testing.T) {
	schema := oracle(t, "shop/order/events/placed.json")
	rapid.Check(t, func(t *rapid.T) {
		first, err := order.DecodePlaced(drawInstance(t))
		if err != nil {
			return
		}
		data, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		if !accepts(t, schema, data) {
			t.Fatalf("the schema refuses what was encoded: %s", data)
		}
		second, err := order.DecodeStoredPlaced(engine.StoredDecoder(), data, 1)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(second)
		if err != nil || !bytes.Equal(data, again) {
			t.Fatalf("%v\n%s\n%s", err, data, again)
		}
	})
}

func faults(t *testing.T, err error) []engine.Fault {
	t.Helper()
	var list *engine.FaultsError
	if !errors.As(err, &list) {
		t.Fatalf("got %v, want *engine.FaultsError", err)
	}
	return list.Faults
}
