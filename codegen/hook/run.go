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
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/backstory-go/backstory/codegen/inject"
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
		for _, name := range append(plan.Inputs(), plan.Owned(data)...) {
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
	fmt.Fprintf(r.log, "codegen: %s brought up to date in this commit\n", count(len(p.Changes), "file"))
	return r.followTree(p, settled)
}

// settled reports whether the schemas in the work tree are those of the index:
// then what is right for the one is right for the other.
func (r *run) settled(ctx context.Context, schemas string) (bool, error) {
	out, err := r.git.run(ctx, nil, "ls-files", "-m", "-o", "--exclude-standard", "-z", "--", ":(top)"+r.prefix+schemas)
	return len(out) == 0, err
}

// followIndex repeats the changes in the index that Git will keep. For
// "commit -- path" the hook sees a second, temporary index: without this the
// commit would be right, and its reversal would be staged.
func (r *run) followIndex(ctx context.Context, p *plan.Plan, before, after map[string]entry) error {
	if !strings.HasPrefix(filepath.Base(r.git.index), "next-index-") {
		return nil
	}
	lock, err := git{dir: r.git.dir}.line(ctx, "rev-parse", "--git-path", "index.lock")
	if err != nil {
		return err
	}
	if !filepath.IsAbs(lock) {
		lock = filepath.Join(r.git.dir, lock)
	}
	kept := git{dir: r.git.dir, index: lock}
	names := make([]string, 0, len(after))
	for name := range after {
		names = append(names, name)
	}
	there, err := kept.entries(ctx, names)
	if err != nil {
		return err
	}
	changes := map[string]entry{}
	for name, e := range after {
		switch {
		case there[name] == before[name]:
			changes[name] = e
		case name == r.prefix+p.Project.Readme:
			if changes[name], err = r.reinject(ctx, kept, p, name, there[name]); err != nil {
				return err
			}
		}
	}
	return kept.update(ctx, changes)
}

// reinject puts the blocks into what is staged of the readme. Where the markers
// are not in order it stays as it is.
func (r *run) reinject(ctx context.Context, kept git, p *plan.Plan, name string, e entry) (entry, error) {
	if e.id == "" {
		return e, nil
	}
	data, err := kept.blob(ctx, name, e)
	if err != nil {
		return e, err
	}
	updated, faults := plan.Inject(p.Project.Readme, data, p.Blocks)
	if len(faults) > 0 {
		return e, nil
	}
	e.id, err = kept.store(ctx, name, updated)
	return e, err
}

// followTree brings those files of the work tree up to date that are as the
// index had them. Others hold work in progress.
func (r *run) followTree(p *plan.Plan, settled bool) error {
	var left []string
	for _, c := range p.Changes {
		file := filepath.Join(r.dir, filepath.FromSlash(c.Path))
		data, err := readFile(file)
		if err != nil {
			return err
		}
		switch {
		case same(data, c.New):
		case same(data, c.Old):
			err = r.replace(file, c.New)
		case c.Path == p.Project.Readme && data != nil:
			var ok bool
			if ok, err = r.reinjectFile(p, c, file, data, settled); !ok {
				left = append(left, c.Path)
			}
		default:
			left = append(left, c.Path)
		}
		if err != nil {
			return err
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(r.log, "codegen: your work tree's %s differ%s from what is committed and stay%s as they are; %s brings them up to date\n",
			strings.Join(left, ", "), plural(len(left)), plural(len(left)), p.Project.Command("generate"))
	}
	return nil
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// replace writes a work tree file, through a temporary one.
func (r *run) replace(file string, data []byte) error {
	if data == nil {
		err := os.Remove(file)
		plan.RemoveEmpty(r.dir, filepath.Dir(file))
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp := file + ".backstory-tmp"
	mode := os.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

// reinjectFile puts the blocks into a readme that has other changes too. When
// the work tree's schemas are ahead of the index, so may its blocks be: those
// stay that are neither the old nor the new ones.
func (r *run) reinjectFile(p *plan.Plan, c plan.Change, file string, data []byte, settled bool) (bool, error) {
	updated, all := data, true
	for _, block := range p.Blocks {
		now, err := inject.Body(data, block.ID)
		if err != nil {
			all = false
			continue
		}
		then, err := inject.Body(c.Old, block.ID)
		if !settled && (err != nil || now != then) {
			target, err := inject.Body(c.New, block.ID)
			all = all && err == nil && now == target
			continue
		}
		if updated, err = inject.Replace(updated, block.ID, block.Body); err != nil {
			return false, nil
		}
	}
	if bytes.Equal(updated, data) {
		return all, nil
	}
	return all, r.replace(file, updated)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func plural(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}
