package lint_test

import (
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/lint"
	"github.com/backstory-go/backstory/codegen/source"
)

func TestRender(t *testing.T) {
	findings := []lint.Finding{
		{Level: lint.Error, Pos: source.Pos{File: "app/todos/list.go", Line: 7, Column: 13}, Schema: source.Pos{File: "schemas/a.json", Line: 2, Column: 5}, Code: "BS2101", Message: "100% wrong", Remedy: "mend it"},
		{Level: lint.Warning, Pos: source.Pos{File: "schemas/a,b.json"}, Code: "BS2001", Message: "perhaps wrong", Remedy: "look at it"},
		{Level: lint.Note, Pos: source.Pos{File: "app"}, Code: "BS2105", Message: "not seen", Remedy: "mend that"},
	}
	tests := []struct {
		format source.Format
		want   []string
	}{
		{source.Text, []string{"app/todos/list.go:7:13: error BS2101 100% wrong (declared in schemas/a.json:2:5); mend it\n", "schemas/a,b.json: warning BS2001 perhaps wrong; look at it\n"}},
		{source.JSON, []string{`"file": "app/todos/list.go"`, `"line": 7`, `"level": "error"`, `"schema": {`, `"level": "note"`}},
		{source.GitHub, []string{"::error file=app/todos/list.go,line=7,col=13,title=BS2101::100%25 wrong (declared in schemas/a.json:2:5)%0A→ mend it\n", "::warning file=schemas/a%2Cb.json,title=BS2001::", "::notice file=app,"}},
	}
	for _, test := range tests {
		var out strings.Builder
		if err := lint.Render(&out, test.format, findings); err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s lacks %q:\n%s", test.format, want, out.String())
			}
		}
	}
	if err := lint.Render(&strings.Builder{}, "yaml", findings); err == nil {
		t.Error("yaml is no format")
	}
	if !lint.Failed(findings) || lint.Failed(findings[1:]) {
		t.Error("only errors fail")
	}
}
