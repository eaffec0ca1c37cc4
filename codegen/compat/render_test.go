package compat_test

import (
	"bytes"
	"testing"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/source"
)

func TestRender(t *testing.T) {
	old := side(t, map[string]string{event: `{"properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}}}`})
	now := side(t, map[string]string{event: `{"properties": {"a": {"type": "string", "default": ""}, "b": {"enum": ["x"]}}}`})
	findings := compat.Compare(old, now)
	for format, want := range map[source.Format]string{
		source.GitHub: `::warning file=schemas/shop/order/events/placed.json,line=1,col=76,title=BS3025::LOG, a warning: "a" of shop.order.placed is read as "" where it is absent%0A→ make sure that the default is what absence has meant so far
::error file=schemas/shop/order/events/placed.json,line=1,col=116,title=BS3017::LOG: "b" of shop.order.placed can no longer be "y"%0A→ go on accepting what was accepted, or keep the old file as placed.v1.json, set "x-version": 2 in placed.json and write the upcaster UpcastPlacedV1
`,
		source.JSON: `[
  {
    "file": "schemas/shop/order/events/placed.json",
    "line": 1,
    "column": 76,
    "code": "BS3025",
    "sets": [
      "LOG"
    ],
    "level": "warning",
    "message": "LOG, a warning: \"a\" of shop.order.placed is read as \"\" where it is absent",
    "remedy": "make sure that the default is what absence has meant so far"
  },
  {
    "file": "schemas/shop/order/events/placed.json",
    "line": 1,
    "column": 116,
    "code": "BS3017",
    "sets": [
      "LOG"
    ],
    "level": "break",
    "message": "LOG: \"b\" of shop.order.placed can no longer be \"y\"",
    "remedy": "go on accepting what was accepted, or keep the old file as placed.v1.json, set \"x-version\": 2 in placed.json and write the upcaster UpcastPlacedV1"
  }
]
`,
	} {
		var text bytes.Buffer
		if err := compat.Render(&text, format, findings, now.Tree); err != nil || text.String() != want {
			t.Errorf("%s: %v\n%s", format, err, &text)
		}
	}
	if err := compat.Render(&bytes.Buffer{}, "xml", findings, now.Tree); err == nil {
		t.Error("there is no format xml")
	}
	if compat.Compare(compat.Side{}, now) != nil {
		t.Error("without old schemas nothing breaks")
	}
}

// TestCodes: every code is explained, once.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	for _, code := range compat.Codes() {
		if seen[code.ID] || code.Name == "" || code.Explanation == "" || code.Remedy == "" || code.ID <= last {
			t.Errorf("%+v is explained twice, out of order, or not fully", code)
		}
		seen[code.ID], last = true, code.ID
	}
}
