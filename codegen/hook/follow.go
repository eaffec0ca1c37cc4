package hook

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/backstory-go/backstory/codegen/inject"
	"github.com/backstory-go/backstory/codegen/plan"
)

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
		say(r.log, "codegen: your work tree's %s differ%s from what is committed and stay%s as they are; %s brings them up to date",
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
		if next, err := inject.Replace(updated, block.ID, block.Body); err == nil {
			updated = next
		} else {
			all = false // the markers are not in order there: the person's business
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
