package hook_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAmend(t *testing.T) {
	r := newRepo(t, "")
	r.add("drop")
	r.git("add", "schemas")
	r.commit()
	before := r.git("rev-list", "--count", "HEAD")
	r.put("schemas/shop/cart/commands/drop.json", strings.Replace(r.get("schemas/shop/cart/commands/drop.json"), "Does it.", "Drops it.", 1))
	r.git("add", "schemas")
	r.git("commit", "-q", "--amend", "--no-edit")
	r.committed()
	r.clean()
	r.inHead("README.md", "Drops it.", true)
	// Nothing but what it says.
	r.git("commit", "-q", "--amend", "-m", "another message")
	r.committed()
	r.clean()
	if after := r.git("rev-list", "--count", "HEAD"); after != before {
		t.Errorf("%s commits became %s", before, after)
	}
}

// diverged has a side branch and main each add a command, and is on the side.
func diverged(t *testing.T) *repo {
	r := newRepo(t, "")
	r.git("checkout", "-q", "-b", "side")
	r.add("left")
	r.git("add", "schemas")
	r.commit()
	r.git("checkout", "-q", "main")
	r.add("right")
	r.git("add", "schemas")
	r.commit()
	r.git("checkout", "-q", "side")
	return r
}

func TestRebaseIsOnlyChecked(t *testing.T) {
	r := diverged(t)
	if _, err := r.try(nil, "git", "rebase", "main"); err == nil {
		t.Fatal("the rebase has no conflict")
	}
	for name := range strings.FieldsSeq(r.git("diff", "--name-only", "--diff-filter=U")) {
		r.git("checkout", "-q", "--ours", "--", name)
	}
	r.git("add", "-A")
	out, err := r.try(nil, "git", "commit", "-q", "-m", "left")
	if err == nil || !strings.Contains(out, "is only checked") || !strings.Contains(out, "README.md") {
		t.Errorf("%v: %s", err, out)
	}
	r.run(compiler, "generate")
	r.git("add", "-A")
	if out, err := r.try([]string{"GIT_EDITOR=true"}, "git", "rebase", "--continue"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.committed()
	r.clean()
	r.inHead("README.md", "c_shop__cart__left", true)
	r.inHead("README.md", "c_shop__cart__right", true)
}

func TestRebaseWithoutConflict(t *testing.T) {
	r := newRepo(t, "")
	r.git("checkout", "-q", "-b", "side")
	r.add("drop")
	r.git("add", "schemas")
	r.commit()
	r.git("checkout", "-q", "main")
	r.put("other.txt", "b\n")
	r.commit("-a")
	r.git("checkout", "-q", "side")
	r.git("rebase", "-q", "main")
	r.committed()
	r.clean()
	r.inHead("README.md", "c_shop__cart__drop", true)
	r.inHead("other.txt", "b", true)
}

// TestNoNetwork has the hook build the compiler of a module that requires it, once.
func TestNoNetwork(t *testing.T) {
	r := newRepo(t, "")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	above := &repo{t, root}
	_, requirements, _ := strings.Cut(above.get("go.mod"), "\n")
	r.put("go.mod", "module example.com/shop\n"+requirements+
		"\nrequire github.com/backstory-go/backstory v0.0.0\n\nreplace github.com/backstory-go/backstory => "+root+"\n")
	r.put("go.sum", above.get("go.sum"))
	r.add("drop")
	r.git("add", "-A")
	offline := []string{"BACKSTORY_CODEGEN=", "GOFLAGS=-mod=mod", "GOPROXY=off", "GONOSUMDB=*", "GOWORK=off"}
	out, err := r.try(offline, "git", "commit", "-q", "-m", "offline")
	if err != nil || !strings.Contains(out, "building the schema compiler") {
		t.Fatalf("%v: %s", err, out)
	}
	r.committed()
	r.inHead("README.md", "c_shop__cart__drop", true)
}

// TestFirstCommit has nothing to compare the index with.
func TestFirstCommit(t *testing.T) {
	r := newRepo(t, "")
	r.git("checkout", "-q", "--orphan", "fresh")
	r.add("drop")
	r.git("add", "schemas")
	r.commit()
	r.committed()
	r.clean()
	r.inHead("README.md", "c_shop__cart__drop", true)
	if n := strings.TrimSpace(r.git("rev-list", "--count", "HEAD")); n != "1" {
		t.Errorf("%s commits", n)
	}
}

func TestCommitFromAFolderBelow(t *testing.T) {
	r := newRepo(t, "projects/my shop")
	r.add("drop")
	below := &repo{t, filepath.Join(r.dir, "schemas/shop")}
	below.git("add", ".")
	below.commit()
	r.committed()
	r.clean()
	r.inHead("README.md", "c_shop__cart__drop", true)
}

// TestCommitPathOfSomethingElse leaves the schemas that are staged for later, and
// what follows from them, out of the commit.
func TestCommitPathOfSomethingElse(t *testing.T) {
	r := newRepo(t, "")
	r.add("drop")
	r.git("add", "schemas")
	r.put("other.txt", "b\n")
	r.commit("--", "other.txt")
	r.committed()
	r.inHead("README.md", "drop", false)
	r.status("A  schemas/shop/cart/commands/drop.json", "A  schemas/shop/cart/events/drop_done.json")
	r.put("other.txt", "c\n")
	r.commit("-i", "--", "other.txt")
	r.committed()
	r.clean()
	r.inHead("README.md", "drop", true)
}

func TestCherryPickIsOnlyChecked(t *testing.T) {
	r := diverged(t)
	if _, err := r.try(nil, "git", "cherry-pick", "main"); err == nil {
		t.Fatal("the cherry-pick has no conflict")
	}
	for name := range strings.FieldsSeq(r.git("diff", "--name-only", "--diff-filter=U")) {
		r.git("checkout", "-q", "--ours", "--", name)
	}
	r.git("add", "-A")
	out, err := r.try([]string{"GIT_EDITOR=true"}, "git", "cherry-pick", "--continue")
	if err == nil || !strings.Contains(out, "is only checked") {
		t.Errorf("%v: %s", err, out)
	}
	r.run(compiler, "generate")
	r.git("add", "-A")
	if out, err := r.try([]string{"GIT_EDITOR=true"}, "git", "cherry-pick", "--continue"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.committed()
	r.clean()
	r.inHead("README.md", "c_shop__cart__right", true)
}

// TestNamesThatShellsTripOver has files that are nobody's business and must not
// stop a commit.
func TestNamesThatShellsTripOver(t *testing.T) {
	r := newRepo(t, "")
	for _, name := range []string{"a b.txt", "größe.txt", "quote\".txt", "new\nline.txt", "-dash.txt", "schemas/.hidden.json", "$HOME.txt"} {
		r.put(name, "x\n")
	}
	r.add("drop")
	r.git("add", "-A")
	r.commit()
	r.committed()
	r.clean()
}
