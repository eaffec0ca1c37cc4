package hook_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Both are made once, by TestMain: what the hook's cache would hold, and for
// each place of a project a repository to copy.
var (
	compiler  string
	templates string
)

func TestMain(m *testing.M) {
	code, err := withCompiler(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func withCompiler(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "hook-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	compiler = filepath.Join(dir, "codegen")
	if out, err := exec.Command("go", "build", "-o", compiler, "..").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the compiler: %w\n%s", err, out)
	}
	templates = filepath.Join(dir, "templates")
	return m.Run(), nil
}

const readme = `# Shop

<!-- backstory:begin flow shop -->
<!-- backstory:end flow shop -->

<!-- backstory:begin messages shop -->
<!-- backstory:end messages shop -->

Prose.
`

// repo is a throw-away repository with one small context, everything generated
// and committed, and the hook installed.
type repo struct {
	*testing.T
	dir string
}

// newRepo copies one; below is the project's folder in it, perhaps empty.
func newRepo(t *testing.T, below string) *repo {
	t.Helper()
	t.Parallel()
	top := t.TempDir()
	if err := os.CopyFS(top, os.DirFS(template(t, below))); err != nil {
		t.Fatal(err)
	}
	r := &repo{t, filepath.Join(top, below)}
	r.git("update-index", "-q", "--refresh")
	return r
}

var once sync.Mutex

// template makes the repository that newRepo copies.
func template(t *testing.T, below string) string {
	t.Helper()
	once.Lock()
	defer once.Unlock()
	top := filepath.Join(templates, "of "+strings.ReplaceAll(below, "/", "_"))
	if _, err := os.Stat(top); err == nil {
		return top
	}
	r := &repo{t, filepath.Join(top, below)}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main", top)
	r.put("go.mod", "module example.com/shop\n\ngo 1.26\n")
	// Drawing needs the renderer's module, which a module without network has not.
	r.put("codegen.json", `{"diagrams": ""}`)
	r.put("README.md", readme)
	r.put("other.txt", "a\n")
	r.put("schemas/shop/cart/actor.json", `{"$schema": "../../dialect/actor.json", "description": "A cart.", "type": "object", "properties": {}}`)
	r.add("add")
	r.run(compiler, "generate", "-C", r.dir)
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "first")
	r.run(compiler, "hook", "install", "-C", r.dir)
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "hook")
	r.clean()
	return top
}

// add writes a command and its event.
func (r *repo) add(name string) {
	r.Helper()
	r.put("schemas/shop/cart/commands/"+name+".json", `{"$schema": "../../../dialect/command.json", "description": "Does it.", "type": "object",
  "properties": {}, "additionalProperties": false, "x-emits": ["`+name+`_done"], "x-creates": "or_updates"}`)
	r.put("schemas/shop/cart/events/"+name+"_done.json", `{"$schema": "../../../dialect/event.json", "description": "Done.", "type": "object", "properties": {}}`)
}

func (r *repo) put(name, content string) {
	r.Helper()
	file := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		r.Fatal(err)
	}
}

func (r *repo) get(name string) string {
	r.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err != nil {
		r.Fatal(err)
	}
	return string(data)
}

func (r *repo) try(extra []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "BACKSTORY_CODEGEN="+compiler,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	cmd.Env = append(cmd.Env, extra...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *repo) run(name string, args ...string) string {
	r.Helper()
	out, err := r.try(nil, name, args...)
	if err != nil {
		r.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return out
}

func (r *repo) git(args ...string) string { r.Helper(); return r.run("git", args...) }

// commit commits with the hook and returns what it said.
func (r *repo) commit(args ...string) string {
	r.Helper()
	return r.git(append([]string{"commit", "-q", "-m", "change"}, args...)...)
}

// committed checks that what HEAD holds is what its own schemas say.
func (r *repo) committed() {
	r.Helper()
	tree := r.TempDir()
	r.run("sh", "-c", `git archive HEAD . | tar -x -C "$0"`, tree)
	if out, err := r.try(nil, compiler, "check", "-C", tree); err != nil {
		r.Errorf("HEAD is not in step with its schemas: %v\n%s", err, out)
	}
}

// status checks what differs between HEAD, index and work tree.
func (r *repo) status(want ...string) {
	r.Helper()
	got := strings.TrimRight(r.git("status", "--porcelain", "--untracked-files=all"), "\n")
	if got != strings.Join(want, "\n") {
		r.Errorf("status is\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func (r *repo) clean() { r.Helper(); r.status() }

func (r *repo) inHead(name, text string, want bool) {
	r.Helper()
	if got := strings.Contains(r.git("show", "HEAD:./"+name), text); got != want {
		r.Errorf("HEAD's %s has %q: %t, want %t", name, text, got, want)
	}
}

func TestStagedSchemaRegeneratesInTheSameCommit(t *testing.T) {
	for _, below := range []string{"", "projects/my shop"} {
		t.Run(below, func(t *testing.T) {
			r := newRepo(t, below)
			r.add("drop")
			r.git("add", "schemas")
			if said := r.commit(); !strings.Contains(said, "brought up to date") {
				t.Errorf("it said %q", said)
			}
			r.committed()
			r.clean()
			r.inHead("README.md", "c_shop__cart__drop --> e_shop__cart__drop_done", true)
			r.inHead("README.md", "Prose.", true)
		})
	}
}

func TestDeletedSchemaTakesItsFilesAlong(t *testing.T) {
	r := newRepo(t, "")
	r.add("drop")
	r.git("add", "schemas")
	r.commit()
	if names := r.git("ls-files", "generated"); !strings.Contains(names, "drop") {
		t.Fatalf("nothing was generated for it: %s", names)
	}
	r.git("rm", "-q", "schemas/shop/cart/commands/drop.json", "schemas/shop/cart/events/drop_done.json")
	r.commit()
	r.committed()
	r.clean()
	if names := r.git("ls-files", "generated"); strings.Contains(names, "drop") {
		t.Errorf("orphans stay: %s", names)
	}
}

func TestPartlyStagedReadmeInADirtyTree(t *testing.T) {
	r := newRepo(t, "")
	head := r.get("README.md")
	r.put("README.md", strings.Replace(head, "# Shop", "# My shop", 1))
	r.git("add", "README.md")
	r.put("README.md", r.get("README.md")+"Unstaged.\n")
	r.put("other.txt", "b\n")
	r.put("new.txt", "untracked\n")
	r.add("drop")
	r.git("add", "schemas")
	r.commit()
	r.committed()
	r.status(" M README.md", " M other.txt", "?? new.txt")
	r.inHead("README.md", "# My shop", true)
	r.inHead("README.md", "Unstaged.", false)
	r.inHead("README.md", "c_shop__cart__drop", true)
	if tree := r.get("README.md"); !strings.HasSuffix(tree, "Unstaged.\n") || !strings.Contains(tree, "c_shop__cart__drop") {
		t.Errorf("the work tree's README is\n%s", tree)
	}
	if diff := r.git("diff", "--numstat", "README.md"); strings.Fields(diff)[0] != "1" || strings.Fields(diff)[1] != "0" {
		t.Errorf("more than one line differs: %s", diff)
	}
}

func TestUnstagedSchemasStayOut(t *testing.T) {
	r := newRepo(t, "")
	r.add("drop")
	r.git("add", "schemas")
	r.add("later")
	r.run(compiler, "generate")
	ahead := r.get("README.md")
	r.commit()
	r.committed()
	r.inHead("README.md", "later", false)
	if r.get("README.md") != ahead {
		t.Error("the work tree's blocks went back")
	}
	if out, err := r.try(nil, compiler, "check"); err != nil {
		t.Errorf("the work tree is not in step with its own schemas: %s", out)
	}
}

func TestCommitAll(t *testing.T) {
	r := newRepo(t, "")
	r.put("schemas/shop/cart/commands/add.json", strings.Replace(r.get("schemas/shop/cart/commands/add.json"), "Does it.", "Adds | it.", 1))
	r.put("other.txt", "b\n")
	r.commit("-a")
	r.committed()
	r.clean()
	r.inHead("README.md", `Adds \| it.`, true)
}

func TestCommitPath(t *testing.T) {
	r := newRepo(t, "")
	r.put("other.txt", "staged\n")
	r.git("add", "other.txt")
	r.put("schemas/shop/cart/commands/add.json", strings.Replace(r.get("schemas/shop/cart/commands/add.json"), "Does it.", "Adds it.", 1))
	r.commit("--", "schemas")
	r.committed()
	r.status("M  other.txt")
	r.inHead("README.md", "Adds it.", true)
}

func TestCommitPathLeavesWhatIsStagedOfGenerated(t *testing.T) {
	r := newRepo(t, "")
	r.add("drop")
	r.run(compiler, "generate")
	r.git("add", "-A")
	actor := r.get("schemas/shop/cart/actor.json")
	r.put("schemas/shop/cart/actor.json", strings.Replace(actor, "A cart.", "The cart.", 1))
	r.commit("--", "schemas/shop/cart/actor.json")
	r.committed()
	if staged := r.git("diff", "--cached", "--name-only"); !strings.Contains(staged, "command_drop_gen.go") || !strings.Contains(staged, "drop.json") {
		t.Errorf("what was staged is gone: %s", staged)
	}
	r.commit()
	r.committed()
	r.inHead("README.md", "c_shop__cart__drop", true)
}

func TestLinkedWorktree(t *testing.T) {
	r := newRepo(t, "")
	linked := &repo{t, filepath.Join(t.TempDir(), "linked")}
	r.git("worktree", "add", "-q", "-b", "other", linked.dir)
	linked.add("drop")
	linked.git("add", "schemas")
	linked.commit()
	linked.committed()
	linked.clean()
	r.clean()
	linked.put("schemas/shop/cart/commands/add.json", strings.Replace(linked.get("schemas/shop/cart/commands/add.json"), "Does it.", "Adds it.", 1))
	linked.commit("--", "schemas")
	linked.committed()
	linked.clean()
}

func TestWrongSchemaStopsTheCommit(t *testing.T) {
	r := newRepo(t, "")
	r.put("schemas/shop/cart/commands/add.json", "{\n  \"a\": ,\n}")
	r.git("add", "schemas")
	before := r.git("rev-parse", "HEAD")
	out, err := r.try(nil, "git", "commit", "-m", "wrong")
	if err == nil || !strings.Contains(out, "schemas/shop/cart/commands/add.json:2:8: BS1004") {
		t.Errorf("%v, it said %s", err, out)
	}
	if r.git("rev-parse", "HEAD") != before {
		t.Error("it was committed")
	}
	r.status("M  schemas/shop/cart/commands/add.json")
}

func TestMissingMarkersStopTheCommit(t *testing.T) {
	r := newRepo(t, "")
	r.put("README.md", "# Shop\n")
	r.git("add", "README.md")
	out, err := r.try(nil, "git", "commit", "-m", "wrong")
	if err == nil || !strings.Contains(out, "<!-- backstory:begin flow shop -->") {
		t.Errorf("%v, it said %s", err, out)
	}
	r.status("M  README.md")
}

func TestEditedGeneratedFileIsMended(t *testing.T) {
	r := newRepo(t, "")
	name := strings.Fields(r.git("ls-files", "generated/shop/cart"))[0]
	r.put(name, r.get(name)+"\n// mine\n")
	r.put("other.txt", "b\n")
	r.commit("-a")
	r.committed()
	r.clean()
	r.inHead(name, "// mine", false)
}

func TestUnrelatedCommitIsFastAndUntouched(t *testing.T) {
	r := newRepo(t, "")
	r.put("README.md", r.get("README.md")+"Unstaged.\n")
	r.add("unstaged")
	r.put("other.txt", "b\n")
	r.git("add", "other.txt")
	// A compiler that fails proves that none was started.
	start := time.Now()
	if out, err := r.try([]string{"BACKSTORY_CODEGEN=/bin/false"}, "git", "commit", "-q", "-m", "x"); err != nil || out != "" {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("the whole commit took %v", time.Since(start))
	if names := strings.TrimSpace(r.git("show", "--format=", "--name-only")); names != "other.txt" {
		t.Errorf("committed %s", names)
	}
	r.status(" M README.md", "?? schemas/shop/cart/commands/unstaged.json", "?? schemas/shop/cart/events/unstaged_done.json")
}

func TestMergeIsOnlyChecked(t *testing.T) {
	r := newRepo(t, "")
	r.git("checkout", "-q", "-b", "side")
	r.add("left")
	r.git("add", "schemas")
	r.commit()
	r.git("checkout", "-q", "main")
	r.add("right")
	r.git("add", "schemas")
	r.commit()
	if _, err := r.try(nil, "git", "merge", "side"); err == nil {
		t.Fatal("the merge has no conflict")
	}
	for name := range strings.FieldsSeq(r.git("diff", "--name-only", "--diff-filter=U")) {
		r.git("checkout", "-q", "--ours", "--", name)
	}
	r.git("add", "-A")
	out, err := r.try(nil, "git", "commit", "-q", "-m", "merge")
	if err == nil || !strings.Contains(out, "a merge is only checked") || !strings.Contains(out, "README.md") {
		t.Errorf("%v: %s", err, out)
	}
	r.run(compiler, "generate")
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "merge")
	r.committed()
	r.clean()
}
