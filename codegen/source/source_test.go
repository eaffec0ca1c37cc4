package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/source"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func one(t testing.TB, data string) (*source.Tree, *source.File, source.Faults) {
	t.Helper()
	tree, faults := source.New(map[string][]byte{"a/b/actor.json": []byte(data)})
	return tree, tree.Files[0], faults
}

func TestPositions(t *testing.T) {
	_, file, faults := one(t, "{\r\n\t\"größe\": {\"a/b~c\": [1, {\"x\": null}]},\n  \"t\": true\n}\n")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, c := range []struct {
		pointer    string
		key, value string
	}{
		{"", "1:1", "1:1"},
		{"/größe", "2:2", "2:11"},
		{"/größe/a~1b~0c", "2:12", "2:21"},
		{"/größe/a~1b~0c/1", "2:25", "2:25"},
		{"/größe/a~1b~0c/1/x", "2:26", "2:31"},
		{"/t", "3:3", "3:8"},
	} {
		key, ok := file.Key(c.pointer)
		value, ok2 := file.Value(c.pointer)
		if !ok || !ok2 || key.String() != file.Name+":"+c.key || value.String() != file.Name+":"+c.value {
			t.Errorf("%s: key at %v, value at %v; want %s and %s", c.pointer, key, value, c.key, c.value)
		}
		if got := file.Root.Find(c.pointer).Pointer(); got != c.pointer {
			t.Errorf("%s: Pointer gives %s", c.pointer, got)
		}
	}
	for _, pointer := range []string{"/nope", "x", "/größe/a~1b~0c/01", "/größe/a~1b~0c/2", "/größe/a~1b~0c/-1", "/t/x"} {
		if _, ok := file.Value(pointer); ok {
			t.Errorf("%s leads somewhere", pointer)
		}
	}
}

func TestSyntax(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"empty":             {"", "1:1: BS1004"},
		"white space":       {" \n ", "2:2: BS1004"},
		"trailing comma":    {"{\"a\": 1,\n}", "2:1: BS1004"},
		"comma in array":    {"[1,]", "1:4: BS1004"},
		"only a comma":      {"[,]", "1:2: BS1004"},
		"missing comma":     {"[1 2]", "1:4: BS1004"},
		"missing colon":     {`{"a" 1}`, "1:6: BS1004"},
		"single quotes":     {"{'a': 1}", "1:2: BS1004"},
		"comment":           {"{\n// x\n}", "2:1: BS1004"},
		"unquoted key":      {"{a: 1}", "1:2: BS1004"},
		"unclosed string":   {`{"a": "b`, "1:7: BS1004"},
		"line in a string":  {"{\"a\": \"b\n\"}", "1:7: BS1004"},
		"bad escape":        {`{"a": "\x"}`, "1:7: BS1004"},
		"escape at the end": {`"\`, "1:1: BS1004"},
		"leading zero":      {"[01]", "1:2: BS1004"},
		"plus":              {"[+1]", "1:2: BS1004"},
		"minus alone":       {"[-]", "1:2: BS1004"},
		"two values":        {"{} {}", "1:4: BS1004"},
		"NaN":               {"[NaN]", "1:2: BS1004"},
		"NUL":               {"\x00", "1:1: BS1004"},
		"unclosed object":   {"{", "1:2: BS1004"},
		"unclosed array":    {"[[[", "1:4: BS1004"},
		"not UTF-8":         {"{\n\"\xff\"}", "2:2: BS1003"},
		"huge exponent":     {"[1e999999999]", "1:2: BS1008"},
		"tiny exponent":     {"[1e-999999999]", "1:2: BS1008"},
		"zero, huge":        {"[0e999999999]", "1:2: BS1008"},
		"duplicate":         {`{"a": 1, "a": 2}`, "1:10: BS1005"},
		"duplicate escaped": {`{"a": 1, "\u0061": 2}`, "1:10: BS1005"},
		"too deep":          {strings.Repeat("[", 100), "1:66: BS1006"},
		"too many":          {"[" + strings.Repeat("1,", 5000) + "1]", "1:1: BS1007"},
	} {
		t.Run(name, func(t *testing.T) {
			_, file, faults := one(t, c.data)
			if len(faults) != 1 || !strings.HasPrefix(faults.Error(), "schemas/a/b/actor.json:"+c.want) {
				t.Errorf("got %v, want %s", faults, c.want)
			}
			if !file.Damaged {
				t.Error("the file is not marked as damaged")
			}
		})
	}
}

func TestByteOrderMarkIsDropped(t *testing.T) {
	_, file, faults := one(t, "\uFEFF{}")
	if len(faults) > 0 || file.Root.Pos().Column != 1 || string(file.Bytes()) != "{}" {
		t.Errorf("faults %v, bytes %q", faults, file.Bytes())
	}
}

func TestOtherEncodingsAreNamed(t *testing.T) {
	for data, want := range map[string]string{
		"\xFF\xFE{\x00}\x00": "schemas/a/b/actor.json:1:1: BS1003 the file is UTF-16",
		"\xFE\xFF\x00{\x00}": "schemas/a/b/actor.json:1:1: BS1003 the file is UTF-16",
		"{\"gr\xF6\": 1}":    "schemas/a/b/actor.json:1:5: BS1003 the file is not UTF-8 from here on",
	} {
		if _, _, faults := one(t, data); faults.Error() != want {
			t.Errorf("%q gives %s, want %s", data, faults.Error(), want)
		}
	}
}

// TestNamesCannotWriteToTheTerminal shows keys and lines that hold its commands.
func TestNamesCannotWriteToTheTerminal(t *testing.T) {
	tree, file, _ := one(t, "{\"a\": \"\x7f\u202e\"}")
	faults := source.Faults{{Pos: source.Pos{File: file.Name, Line: 1, Column: 2}, Code: "BS1", Message: "the key \x1b[2J", Remedy: "write \r\a"}}
	var out strings.Builder
	if err := source.Render(&out, source.Text, faults, tree); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\a\x7f\u202e") {
		t.Errorf("%q", out.String())
	}
}

func TestKeyOrderAndRaw(t *testing.T) {
	_, file, _ := one(t, `{"z": 1.50, "a": {"k" : [ ]}, "m": "\u00e9"}`)
	var keys []string
	for _, m := range file.Root.Members {
		keys = append(keys, m.Key)
	}
	if diff := cmp.Diff([]string{"z", "a", "m"}, keys); diff != "" {
		t.Error(diff)
	}
	if raw := string(file.Root.Get("a").Raw()); raw != `{"k" : [ ]}` {
		t.Error(raw)
	}
	if file.Root.Get("m").Str() != "é" || file.Root.Get("z").Text != "1.50" {
		t.Error("texts differ")
	}
}

func TestReadingAnythingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.OneOf(
			rapid.SliceOf(rapid.Byte()),
			rapid.Map(rapid.StringMatching(`[\[\]{},:"\\ntrue0-9eE.+\-]{0,40}`), func(s string) []byte { return []byte(s) }),
		).Draw(t, "data")
		tree, faults := source.New(map[string][]byte{"x.json": data})
		if (tree.Files[0].Root == nil) && len(faults) == 0 {
			t.Fatal("neither a tree nor a fault")
		}
		for _, format := range []source.Format{source.Text, source.JSON, source.GitHub} {
			if err := source.Render(&strings.Builder{}, format, faults, tree); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("b/types.json", "{}")
	write("a/c/actor.json", "{}")
	write("a/readme.md", "# no schema")
	write("a/.hidden/x.json", "{")
	write("a/types.yaml", "a: 1")
	write("a/huge.json", strings.Repeat(" ", 2<<20))
	for _, name := range []string{"loop.json", "more"} {
		if err := os.Symlink(dir, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	tree, faults := source.Read(dir)
	var names []string
	for _, f := range tree.Files {
		names = append(names, f.Name)
	}
	if huge := tree.File("schemas/a/huge.json"); huge == nil || !huge.Damaged || huge.Root != nil {
		t.Errorf("the file that could not be read is %+v", huge)
	}
	if diff := cmp.Diff([]string{"schemas/a/c/actor.json", "schemas/a/huge.json", "schemas/b/types.json"}, names); diff != "" {
		t.Error(diff)
	}
	want := `schemas/a/huge.json: BS1001 this file cannot be read: it is larger than 1 MiB
schemas/a/types.yaml: BS1002 schemas are read from .json files only, so this file would be ignored
schemas/loop.json: BS1001 this is a link to a folder, and links to folders are not followed
schemas/more: BS1001 this is a link to a folder, and links to folders are not followed`
	if diff := cmp.Diff(want, faults.Error()); diff != "" {
		t.Error(diff)
	}
	if _, faults := source.Read(filepath.Join(dir, "nowhere")); len(faults) != 1 || faults[0].Code != source.CodeUnreadable {
		t.Error(faults)
	}
}

func TestRender(t *testing.T) {
	tree, _, _ := one(t, "{\n\t\"a\": 1,\n\t\"b\": 100%\n}\n")
	pos := source.Pos{File: "schemas/a/b/actor.json", Line: 2, Column: 7}
	var faults source.Faults
	faults.Add(pos, "BS1", "b is wrong", "write 2")
	faults.Add(pos, "BS1", "b is wrong", "write 2")
	faults.Add(source.Pos{File: "schemas/a"}, "BS2", "no: 100%", "rename, please")
	faults = faults.Sorted()
	for format, want := range map[source.Format]string{
		source.Text: `schemas/a: BS2 no: 100%
  → rename, please

schemas/a/b/actor.json:2:7: BS1 b is wrong
      1 | {
      2 | 	"a": 1,
        | 	     ^
      3 | 	"b": 100%
  → write 2
`,
		source.JSON: `[
  {
    "file": "schemas/a",
    "line": 0,
    "column": 0,
    "code": "BS2",
    "message": "no: 100%",
    "remedy": "rename, please"
  },
  {
    "file": "schemas/a/b/actor.json",
    "line": 2,
    "column": 7,
    "code": "BS1",
    "message": "b is wrong",
    "remedy": "write 2"
  }
]
`,
		source.GitHub: `::error file=schemas/a,title=BS2::no: 100%25%0A→ rename, please
::error file=schemas/a/b/actor.json,line=2,col=7,title=BS1::b is wrong%0A→ write 2
`,
	} {
		var out strings.Builder
		if err := source.Render(&out, format, faults, tree); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s:\n%s", format, diff)
		}
	}
	if err := source.Render(&strings.Builder{}, "xml", faults, tree); err == nil {
		t.Error("the format xml exists")
	}
	if err := source.Render(&strings.Builder{}, source.Text, faults, nil); err != nil {
		t.Error("a nil tree:", err)
	}
}

func TestRenderClipsLongLines(t *testing.T) {
	tree, _, _ := one(t, `{"a": "`+strings.Repeat("x", 500)+`", "b": 1}`)
	var out strings.Builder
	faults := source.Faults{{Pos: source.Pos{File: "schemas/a/b/actor.json", Line: 1, Column: 511}, Code: "BS1", Message: "m"}}
	if err := source.Render(&out, source.Text, faults, tree); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	caret := strings.Index(lines[2], "^")
	if at := len([]rune(lines[1])); at > 160 || caret < 0 || []rune(lines[1])[caret] != '"' {
		t.Errorf("the caret points elsewhere:\n%s", out.String())
	}
}

func TestNoFaultsIsNoError(t *testing.T) {
	if err := (source.Faults{}).Err(); err != nil {
		t.Error(err)
	}
	if err := (source.Faults{{Message: "m"}}).Err(); err == nil {
		t.Error("a fault is an error")
	}
}
