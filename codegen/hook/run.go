// Package hook keeps generated files in step within a commit, and installs the
// Git hook that does so.
//
// It owns scripts/githooks/pre-commit (its master is in this folder), Git's
// core.hooksPath setting, and the rules by which the index and the work tree
// are brought up to date. It does not know what is generated: a Compiler plans
// that. Only package cli imports it.
//
// A run looks at the index alone: that is what will be committed. It is checked
// out to a temporary folder, planned there, and what differs is put back into
// the index. The work tree follows only where that loses nothing.
//
// Invariant: no unrelated byte of index or work tree changes; nothing is
// stashed; a schema that is wrong changes nothing and stops the commit.
package hook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/plan"
)

// Compiler plans a project's tree.
type Compiler func(context.Context, plan.Project) (*plan.Plan, error)

// Drift says that a commit which must not be changed (a merge) has generated
// files that do not fit its schemas.
type Drift struct{ Plan *plan.Plan }

// Error names the paths.
func (d *Drift) Error() string {
	var b strings.Builder
	b.WriteString("generated files do not fit the schemas that this merge would commit:\n")
	for _, c := range d.Plan.Changes {
		fmt.Fprintf(&b, "  %-7s %s\n", c.State, c.Path)
	}
	b.WriteString("a merge is only checked: run " + d.Plan.Project.Command("generate") + ", add these files, and commit again")
	return b.String()
}

// run is one run of the hook.
type run struct {
	git     git
	dir     string // the project, absolute
	prefix  string // of the project below the top folder, "" or "shop/"
	tmp     string // the index, checked out
	compile Compiler
	log     io.Writer
}

// Run brings the index that Git is about to commit up to date. It does nothing
// but check while a merge, cherry-pick or rebase is going on.
func Run(ctx context.Context, dir string, compile Compiler, log io.Writer) error {
	r, err := start(ctx, dir, compile, log)
	if err != nil {
		return err
	}
	if r.tmp, err = os.MkdirTemp("", "backstory-index-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.tmp)
	// Links such as /tmp would make two names for one folder.
	if r.tmp, err = filepath.EvalSymlinks(r.tmp); err != nil {
		return err
	}
	if err := r.checkout(ctx); err != nil {
		return err
	}
	project, err := plan.Open(filepath.Join(r.tmp, filepath.FromSlash(r.prefix)))
	if _, none := errors.AsType[*plan.NoSchemas](err); none {
		return nil // a commit without schemas has nothing to keep in step
	}
	if err != nil {
		return err
	}
	project.Tools = r.dir
	p, err := compile(ctx, project)
	if err != nil || len(p.Changes) == 0 {
		return err
	}
	if foreign := p.Foreign(); len(foreign) > 0 {
		return &plan.ForeignError{Changes: foreign}
	}
	if busy, err := r.merging(ctx); err != nil {
		return err
	} else if busy {
		p.Project.Dir = r.dir
		return &Drift{p}
	}
	return r.apply(ctx, p)
}

func start(ctx context.Context, dir string, compile Compiler, log io.Writer) (*run, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	here := git{dir: dir}
	if os.Getenv("GIT_DIR") != "" {
		here.dir = "" // then Git takes the current folder for the top one
	}
	top, err := here.line(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, &plan.Wrong{Message: "this is not in a Git work tree: " + err.Error()}
	}
	prefix, err := below(top, dir)
	if err != nil {
		return nil, err
	}
	index := os.Getenv("GIT_INDEX_FILE")
	if index != "" && !filepath.IsAbs(index) {
		index = filepath.Join(top, index) // Git means the top folder
	}
	return &run{git: git{dir: top, index: index}, dir: dir, prefix: prefix, compile: compile, log: log}, nil
}

// below returns the path from the top folder to the project, "" or "shop/".
func below(top, dir string) (string, error) {
	top, err := filepath.EvalSymlinks(top)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(top, dir)
	if err != nil || rel == "." {
		return "", err
	}
	if !filepath.IsLocal(rel) {
		return "", &plan.Wrong{Message: fmt.Sprintf("%s is not inside the work tree %s", dir, top)}
	}
	return filepath.ToSlash(rel) + "/", nil
}

// checkout writes what the compiler reads from the index to the temporary
// folder: the inputs, and everything that the committed manifest says it owns.
func (r *run) checkout(ctx context.Context) error {
	specs := []string{":(top)" + r.prefix}
	config, err := r.git.entries(ctx, []string{r.prefix + plan.ConfigFile, r.prefix + plan.ManifestFile})
	if err != nil {
		return err
	}
	if e, ok := config[r.prefix+plan.ManifestFile]; ok && len(config) == 1 { // a configuration may move every folder
		data, err := r.git.blob(ctx, r.prefix+plan.ManifestFile, e)
		if err != nil {
			return err
		}
		specs = nil
		inputs := plan.Inputs()
		for _, name := range slices.Concat(inputs, plan.Owned(data)) {
			if slices.ContainsFunc(inputs, func(folder string) bool { return strings.HasPrefix(name, folder+"/") }) {
				continue // comes with its folder
			}
			specs = append(specs, ":(top,literal)"+r.prefix+name)
		}
	}
	names, err := r.git.run(ctx, nil, append([]string{"ls-files", "-z", "--"}, specs...)...)
	if err != nil {
		return err
	}
	_, err = r.git.run(ctx, names, "checkout-index", "-z", "--stdin", "--prefix="+filepath.ToSlash(r.tmp)+"/")
	return err
}

// merging reports whether Git is in the middle of something whose result must
// be what the person resolved.
func (r *run) merging(ctx context.Context) (bool, error) {
	args := []string{"rev-parse"}
	for _, name := range []string{"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"} {
		args = append(args, "--git-path", name)
	}
	paths, err := r.git.line(ctx, args...)
	if err != nil {
		return false, err
	}
	for path := range strings.Lines(paths) {
		path = strings.TrimRight(path, "\r\n")
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.git.dir, path)
		}
		if _, err := os.Stat(path); err == nil {
			return true, nil
		}
	}
	return false, nil
}

// apply puts the plan's changes into the index and, where nothing is lost, into
// the work tree.
func (r *run) apply(ctx context.Context, p *plan.Plan) error {
	names := make([]string, len(p.Changes))
	for i, c := range p.Changes {
		names[i] = r.prefix + c.Path
	}
	before, err := r.git.entries(ctx, names)
	if err != nil {
		return err
	}
	after := map[string]entry{}
	for i, c := range p.Changes {
		e := entry{mode: "100644"}
		if old, ok := before[names[i]]; ok {
			e.mode = old.mode
		}
		if c.New != nil {
			if e.id, err = r.git.store(ctx, names[i], c.New); err != nil {
				return err
			}
		}
		after[names[i]] = e
	}
	settled, err := r.settled(ctx, p.Project.Schemas)
	if err != nil {
		return err
	}
	if err := r.git.update(ctx, after); err != nil {
		return err
	}
	if err := r.followIndex(ctx, p, before, after); err != nil {
		return err
	}
	say(r.log, "codegen: %s brought up to date in this commit", count(len(p.Changes), "file"))
	return r.followTree(p, settled)
}

// say tells a person something. That it cannot be read stops no commit.
func say(to io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(to, format+"\n", args...) }
