package dialect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/dialect"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

func TestFilesAreValidAndSelfContained(t *testing.T) {
	files := dialect.Files()
	if len(files) != len(dialect.Kinds()) {
		t.Fatalf("%d files for %d kinds", len(files), len(dialect.Kinds()))
	}
	for name, data := range files {
		c := jsonschema.NewCompiler()
		c.LoadURL = func(url string) (io.ReadCloser, error) { return nil, errors.New("refused: " + url) }
		if err := c.AddResource("mem:///"+name, bytes.NewReader(data)); err != nil {
			t.Fatal(name, err)
		}
		if _, err := c.Compile("mem:///" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, word := range []string{"$dynamicRef", "$id", `"$ref": "http`, `"$ref": "../`} {
			if bytes.Contains(data, []byte(word)) {
				t.Errorf("%s contains %s", name, word)
			}
		}
		if !bytes.Equal(data, dialect.Files()[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

// TestKeywordsAreDescribed wants the help that editors show.
func TestKeywordsAreDescribed(t *testing.T) {
	for name, data := range dialect.Files() {
		var schema struct {
			AdditionalProperties *bool
			Properties           map[string]map[string]any
			Defs                 map[string]struct {
				Properties map[string]map[string]any
			} `json:"$defs"`
		}
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatal(err)
		}
		if schema.AdditionalProperties == nil || *schema.AdditionalProperties {
			t.Errorf("%s is open", name)
		}
		for _, properties := range []map[string]map[string]any{schema.Properties, schema.Defs["schema"].Properties} {
			for key, value := range properties {
				if value["description"] == nil && !strings.Contains(key, "x-go-name") {
					t.Errorf("%s: %s has no description", name, key)
				}
			}
		}
	}
}

func TestGoNameIsDescribed(t *testing.T) {
	if !bytes.Contains(dialect.File("command"), []byte("The name in Go instead of the derived one")) {
		t.Error("x-go-name has no description")
	}
}
