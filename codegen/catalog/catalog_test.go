package catalog_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/catalog"
	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/google/go-cmp/cmp"
)

// systems are small ones with everything a page can show; they are those of
// other packages, so that all document the same.
var systems = []string{"../contract/testdata/schemas", "../emit/testdata/wide/schemas", "../model/testdata/base/schemas"}

func pages(t testing.TB, schemas string) map[string]string {
	t.Helper()
	tree, faults := source.Read(schemas)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	sys, faults := model.Build(tree, "example.com/shop")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	texts := map[string]string{}
	for name, data := range catalog.Pages(sys) {
		texts[name] = string(data)
	}
	return texts
}

func TestGolden(t *testing.T) {
	got := pages(t, systems[0])
	const dir = "testdata/expected"
	if golden.Update() {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for name, text := range got {
			full := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		want[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages differ (-want +got); -update rewrites them:\n%s", diff)
	}
}

func TestSamePagesAgain(t *testing.T) {
	for _, schemas := range systems {
		want := pages(t, schemas)
		for range 5 {
			if diff := cmp.Diff(want, pages(t, schemas)); diff != "" {
				t.Fatalf("two runs differ:\n%s", diff)
			}
		}
	}
}

// Every file and every message of the system has a page.
func TestEveryPageIsThere(t *testing.T) {
	got := pages(t, systems[0])
	for _, name := range []string{
		"README.md", "shop/README.md", "mail/README.md", "shop/order/README.md", "shop/order/commands/place.md",
		"shop/order/commands/expire.md", "shop/order/events/noted.md", "shop/overview/README.md", "mail/letters/README.md",
	} {
		if got[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
}

var (
	links    = regexp.MustCompile(`\]\(([^)\s]*)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug  = regexp.MustCompile(`[^a-z0-9_ -]`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, schemas := range systems {
		got := pages(t, schemas)
		for _, name := range slices.Sorted(maps.Keys(got)) {
			for _, link := range links.FindAllStringSubmatch(withoutCode(got[name]), -1) {
				file, fragment, found := strings.Cut(link[1], "#")
				target := path.Join(path.Dir(name), file)
				if file == "" {
					target = name
				}
				text, ok := got[target]
				if !ok || path.IsAbs(file) {
					t.Errorf("%s links to %s, which does not exist", name, link[1])
				}
				if found && !slices.Contains(fragments(text), fragment) {
					t.Errorf("%s links to %s, which has no such heading", name, link[1])
				}
			}
		}
	}
}

// fragments are what forges make of a page's headings.
func fragments(text string) (out []string) {
	seen := map[string]bool{}
	for _, heading := range headings.FindAllStringSubmatch(withoutCode(text), -1) {
		plain := links.ReplaceAllString(strings.ReplaceAll(heading[1], "[", ""), "")
		slug := strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(plain), ""), " ", "-")
		if seen[slug] {
			slug += " twice"
		}
		seen[slug] = true
		out = append(out, slug)
	}
	return out
}

// withoutCode drops what Markdown does not read as markup.
func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	return strings.NewReplacer(`\[`, "", `\]`, "").Replace(regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, ""))
}

// Texts of schemas cannot leave their cell or become markup.
func TestTextsStayTexts(t *testing.T) {
	live := regexp.MustCompile(`[^\\]\]\(javascript`)
	cells := regexp.MustCompile(`\\?\|`)
	for _, schemas := range systems {
		for name, text := range pages(t, schemas) {
			if live.MatchString(text) {
				t.Errorf("%s holds a link that a description made", name)
			}
			columns := 0
			for number, line := range strings.Split(text, "\n") {
				if !strings.HasPrefix(line, "|") {
					columns = 0
					continue
				}
				n := len(cells.FindAllString(line, -1))
				if columns > 0 && n != columns {
					t.Errorf("%s:%d: the row has %d bars, its table %d", name, number+1, n, columns)
				}
				columns = n
			}
			for _, bad := range []string{"<b>", "\n# Not a heading", "\n1. Not a list", "<!-- not", "Secret Lane", "ann@example.com", "4111"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s holds %q", name, bad)
				}
			}
		}
	}
}

func TestAnEmptySystemHasAnIndex(t *testing.T) {
	got := catalog.Pages(&model.System{})
	if len(got) != 1 || !strings.Contains(string(got["README.md"]), "# Catalog") {
		t.Errorf("got %q", got)
	}
}

func TestALargePictureIsLeftOut(t *testing.T) {
	c := &model.Context{Name: "big", Package: "big"}
	a := &model.Actor{Component: model.Component{Context: c, Name: "thing", GoName: "Thing", Package: "thing"}}
	a.ID.Type = &model.Type{Kind: model.UUID}
	c.Actors = append(c.Actors, a)
	for i := range 30 {
		name := "did_" + strings.Repeat("x", i+1)
		e := &model.Event{Actor: a, Version: 1, Message: model.Message{Name: name, Type: "big.thing." + name, Body: &model.Object{}}}
		a.Events = append(a.Events, e)
		a.Commands = append(a.Commands, &model.Command{Actor: a, Emits: []*model.Event{e}, Message: model.Message{Name: "x" + name, Type: "big.thing.x" + name, Body: &model.Object{}}})
	}
	got := catalog.Pages(&model.System{Contexts: []*model.Context{c}})
	if text := string(got["big/thing/README.md"]); !strings.Contains(text, "60 boxes") || strings.Contains(text, "```mermaid") {
		t.Errorf("the picture is still there:\n%s", text)
	}
	if text := string(got["big/thing/events/did_x.md"]); !strings.Contains(text, "```mermaid") {
		t.Errorf("a message has no picture:\n%s", text)
	}
}
