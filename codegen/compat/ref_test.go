package compat_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/source"
)

// repo is a throw-away repository.
type repo struct {
	*testing.T
	dir string
}

func newRepo(t *testing.T) repo {
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"} {
		if value, set := os.LookupEnv(name); set { // the tests may run within a hook
			t.Setenv(name, value)
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	r := repo{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	r.git("config", "user.name", "Ann")
	r.git("config", "user.email", "ann@example.org")
	return r
}

func (r repo) git(args ...string) {
	r.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (r repo) write(name, text string) {
	r.Helper()
	full := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

// schemas writes the base schemas below a folder of the repository.
func (r repo) schemas(folder string) {
	r.Helper()
	for name, text := range base() {
		r.write(folder+"/"+name, string(complete(name, text)))
	}
}

func (r repo) commit(message string) {
	r.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
}

func names(tree *source.Tree) string {
	var list []string
	for _, f := range tree.Files {
		list = append(list, f.Path)
	}
	return strings.Join(list, " ")
}

const baseNames = "shop/order/actor.json shop/order/commands/place.json shop/order/events/placed.json"

func TestAtRef(t *testing.T) {
	r := newRepo(t)
	r.schemas("schemas")
	r.write("schemas/.hidden/x.json", "{}")
	r.write("schemas/notes.txt", "not a schema")
	r.write("schemas-old/x.json", "{}")
	r.commit("first")
	r.git("tag", "-a", "v1", "-m", "first")
	r.write("schemas/shop/order/events/placed.json", string(complete("shop/order/events/placed.json", `{"properties": {"ä": {"type": "string"}}}`)))
	r.commit("second")
	r.write("schemas/shop/order/events/placed.json", "not committed")
	for ref, want := range map[string]bool{"v1": false, "HEAD~1": false, "HEAD": true, "main": true} {
		tree, faults, err := compat.AtRef(t.Context(), r.dir, "schemas", ref)
		if err != nil || len(faults) > 0 {
			t.Fatal(ref, err, faults)
		}
		if got := names(tree); got != baseNames {
			t.Errorf("%s has %s", ref, got)
		}
		if got := strings.Contains(string(tree.File("schemas/shop/order/events/placed.json").Bytes()), "ä"); got != want {
			t.Errorf("%s has the property: %t, want %t", ref, got, want)
		}
	}
}

func TestAtRefInASubfolder(t *testing.T) {
	r := newRepo(t)
	r.schemas("modules/a b/schemas")
	r.schemas("schemas")
	r.write("modules/a b/schemas/shop/types.json", string(complete("shop/types.json", `{"$defs": {}}`)))
	r.commit("first")
	tree, _, err := compat.AtRef(t.Context(), filepath.Join(r.dir, "modules", "a b"), "schemas", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(tree); got != baseNames+" shop/types.json" {
		t.Errorf("got %s", got)
	}
	// In a linked work tree, and with variables of a hook that name another place.
	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "-q", linked)
	t.Setenv("GIT_DIR", "/nowhere")
	if tree, _, err = compat.AtRef(t.Context(), linked, "modules/a b/schemas", "HEAD"); err != nil || len(tree.Files) != 4 {
		t.Error(tree, err)
	}
}

func TestAtRefWithoutSchemas(t *testing.T) {
	r := newRepo(t)
	r.commit("empty")
	r.schemas("schemas")
	tree, faults, err := compat.AtRef(t.Context(), r.dir, "schemas", "HEAD")
	if tree != nil || len(faults) > 0 || err != nil {
		t.Error(tree, faults, err)
	}
}

func TestAtRefSaysWhatIsWrong(t *testing.T) {
	r := newRepo(t)
	r.schemas("schemas")
	r.commit("first")
	for _, c := range []struct{ dir, ref, want string }{
		{r.dir, "nowhere", `there is no commit "nowhere" here`},
		{r.dir, "", `there is no commit "" here`},
		{r.dir, "--all", `there is no commit "--all" here`},
		{r.dir, "HEAD:schemas", `there is no commit "HEAD:schemas" here`},
		{t.TempDir(), "HEAD", "is in no Git repository"},
	} {
		_, _, err := compat.AtRef(t.Context(), c.dir, "schemas", c.ref)
		var wrong *compat.RefError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.ref, err, c.want)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := compat.AtRef(ctx, r.dir, "schemas", "HEAD"); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: got %v", err)
	}
}

// TestBreaking goes the whole way: a commit, an edit, a report.
func TestBreaking(t *testing.T) {
	r := newRepo(t)
	r.commit("empty")
	r.schemas("schemas")
	r.commit("first")
	now := side(t, map[string]string{"shop/order/events/placed.json": `{"properties": {"size": {"type": "integer"}}, "required": ["size"]}`})
	for _, c := range []struct {
		ref  string
		want string
		code bool
	}{
		{"HEAD", "schemas/shop/order/events/placed.json:1:76: BS3001 LOG:", true},
		{"HEAD~1", "", false},
	} {
		var out, messages strings.Builder
		broken, err := compat.Breaking{Dir: r.dir, Schemas: "schemas", Module: "example.com/shop", Ref: c.ref, Format: source.Text}.Run(t.Context(), now, &out, &messages)
		if err != nil || broken != c.code || !strings.HasPrefix(out.String(), c.want) {
			t.Errorf("%s: broken %t, %v\n%s%s", c.ref, broken, err, &out, &messages)
		}
		if !c.code && !strings.Contains(messages.String(), "nothing to compare") {
			t.Errorf("got %s", &messages)
		}
	}
	r.write("schemas/shop/order/events/placed.json", `{"type": "object"}`)
	r.commit("broken")
	_, err := compat.Breaking{Dir: r.dir, Schemas: "schemas", Module: "example.com/shop", Ref: "HEAD", Format: source.Text}.Run(t.Context(), now, &strings.Builder{}, &strings.Builder{})
	var wrong *compat.RefError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "placed.json:1:1: BS1104") {
		t.Errorf("got %v", err)
	}
}

// TestLastPublished: what was published is found behind the commits after it.
func TestLastPublished(t *testing.T) {
	r := newRepo(t)
	last := func() compat.Side {
		t.Helper()
		s, err := compat.LastPublished(t.Context(), r.dir, "schemas", "example.com/shop")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	r.schemas("schemas")
	if s := last(); s.System != nil {
		t.Error("there is no commit yet")
	}
	r.write("schemas/"+event, string(complete(event, `{"properties": {"id": {"type": "string", "format": "uuid"}}}`)))
	r.write("schemas/published.json", "{}")
	r.commit("published")
	r.write("schemas/"+event, string(complete(event, `{"properties": {"id": {"type": "string"}}}`)))
	r.commit("changed")
	s := last()
	if s.System == nil || !strings.Contains(string(s.Tree.File("schemas/"+event).Bytes()), "uuid") {
		t.Error("got another commit")
	}
	r.dir = t.TempDir()
	if s := last(); s.System != nil {
		t.Error("there is no repository")
	}
}
