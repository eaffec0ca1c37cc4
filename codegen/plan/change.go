package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// State says how a path of the tree differs from the plan.
type State string

// The states of a difference.
const (
	Stale   State = "stale"   // as the generator once wrote it
	Missing State = "missing" // not there
	Orphan  State = "orphan"  // there, and no longer generated
	Edited  State = "edited"  // neither what was written nor what is planned
)

// Change is one difference between the tree and the plan.
type Change struct {
	Path  string
	State State
	Old   []byte // on the disk, nil: not there
	New   []byte // as planned, nil: to be deleted
	// Foreign means that the generator cannot know the file for its own: it is
	// neither overwritten nor deleted, and nothing else is written either.
	Foreign bool
}

// Diff shows the change as a unified diff.
func (c Change) Diff() string {
	return string(diff.Diff(c.Path, c.Old, c.Path+" (planned)", c.New))
}

// compare finds every owned path that differs, and every path that the
// generator no longer owns.
func (m *maker) compare() ([]Change, error) {
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		old, err := m.read(name)
		if err != nil {
			return nil, err
		}
		if c := (Change{Path: name, Old: old, New: m.files[name]}); old == nil || !bytes.Equal(old, c.New) {
			c.State, c.Foreign = m.judge(name, old)
			changes = append(changes, c)
		}
	}
	gone, err := m.gone()
	if err != nil {
		return nil, err
	}
	for _, name := range gone {
		old, err := m.read(name)
		if err != nil {
			return nil, err
		}
		if old == nil {
			continue
		}
		c := Change{Path: name, State: Orphan, Old: old}
		if !m.old.has(name, old) {
			c.State, c.Foreign = Edited, true
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// judge says what a planned file is that stands differently on the disk.
func (m *maker) judge(name string, old []byte) (State, bool) {
	switch {
	case old == nil:
		return Missing, false
	case name == ManifestFile || m.old.has(name, old):
		return Stale, false
	case m.old.lists(name), m.ours(name), bytes.Contains(old[:min(len(old), 1024)], []byte("Code generated")):
		return Edited, false
	}
	return Edited, true // somebody's own file stands where one is to be generated
}

// ours reports whether a path lies where only the generator may write.
func (m *maker) ours(name string) bool {
	return strings.HasPrefix(name, "generated/") || strings.HasPrefix(name, m.project.Schemas+"/dialect/")
}

// gone lists what is on the disk and not in the plan: what the manifest lists,
// whatever else lies below generated/, and SQL that has a generated file's name.
func (m *maker) gone() ([]string, error) {
	found := map[string]bool{}
	for name := range m.old.hashes {
		found[name] = local(name)
	}
	if err := m.walk("generated", func(name string) bool { return true }, found); err != nil {
		return nil, err
	}
	if err := m.walk(m.project.Queries, func(name string) bool { return strings.HasSuffix(name, "_gen.sql") }, found); err != nil {
		return nil, err
	}
	var gone []string
	for name, inside := range found {
		if _, planned := m.files[name]; inside && !planned {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	return gone, nil
}

func (m *maker) walk(folder string, take func(string) bool, found map[string]bool) error {
	err := filepath.WalkDir(m.project.Path(folder), func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") { // .DS_Store, .gitkeep: nobody's business
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(m.project.Dir, file)
		if err != nil {
			return err
		}
		if name := filepath.ToSlash(rel); !entry.IsDir() && take(name) {
			found[name] = true
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Foreign lists the changes that stop a plan from being written.
func (p *Plan) Foreign() []Change {
	var list []Change
	for _, c := range p.Changes {
		if c.Foreign {
			list = append(list, c)
		}
	}
	return list
}

// ForeignError says which files stop a plan from being written.
type ForeignError struct{ Changes []Change }

// Error names the files and what to do with them.
func (e *ForeignError) Error() string {
	var b strings.Builder
	b.WriteString("nothing was written, for these files are edited or foreign, and a generator must not take them away:\n")
	for _, c := range e.Changes {
		fmt.Fprintf(&b, "  %s\n", c.Path)
	}
	b.WriteString("move what you want to keep, delete them, and run it again")
	return b.String()
}

// existing reports whether a file is there.
func existing(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
