package plan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write brings the tree to the plan: all new content goes to temporary files
// first, then each takes its place. When anything fails, what was done is taken
// back. A *ForeignError means that nothing was tried.
func (p *Plan) Write() error {
	if foreign := p.Foreign(); len(foreign) > 0 {
		return &ForeignError{foreign}
	}
	w := writer{project: p.Project}
	for _, c := range p.Changes {
		if err := w.stage(c); err != nil {
			return w.rollback(err)
		}
	}
	for _, c := range p.Changes {
		if err := w.commit(c); err != nil {
			return w.rollback(err)
		}
	}
	w.tidy(p.Changes)
	return nil
}

// writer remembers how to take back what it did.
type writer struct {
	project Project
	staged  map[string]string // path → temporary file
	undo    []func() error
}

func (w *writer) stage(c Change) error {
	if c.New == nil {
		return nil
	}
	target := w.project.Path(c.Path)
	if err := w.mkdir(filepath.Dir(target)); err != nil {
		return fmt.Errorf("nothing was written: %s cannot be: %w", c.Path, reason(err))
	}
	tmp, err := os.CreateTemp(filepath.Dir(target), ".backstory-*.tmp")
	if err != nil {
		return fmt.Errorf("nothing was written: %s cannot be: %w", c.Path, reason(err))
	}
	w.undo = append(w.undo, func() error { return ignoreMissing(os.Remove(tmp.Name())) })
	_, err = tmp.Write(c.New)
	if err = errors.Join(err, tmp.Chmod(mode(target)), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", c.Path, err)
	}
	if w.staged == nil {
		w.staged = map[string]string{}
	}
	w.staged[c.Path] = tmp.Name()
	return nil
}

// mode keeps the permissions of a file that is there.
func mode(file string) os.FileMode {
	if info, err := os.Stat(file); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}

// mkdir makes a folder and remembers which parts of it are new.
func (w *writer) mkdir(dir string) error {
	var fresh []string
	for d := dir; !existing(d); d = filepath.Dir(d) {
		fresh = append(fresh, d)
	}
	for i := len(fresh) - 1; i >= 0; i-- {
		d := fresh[i]
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
		w.undo = append(w.undo, func() error { return ignoreMissing(os.Remove(d)) })
	}
	return nil
}

func (w *writer) commit(c Change) error {
	target := w.project.Path(c.Path)
	restore := func() error {
		if c.Old == nil {
			return ignoreMissing(os.Remove(target))
		}
		return os.WriteFile(target, c.Old, mode(target))
	}
	var err error
	if c.New == nil {
		err = os.Remove(target)
	} else {
		err = os.Rename(w.staged[c.Path], target)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", c.Path, err)
	}
	w.undo = append(w.undo, restore)
	return nil
}

// rollback undoes everything in reverse and returns the cause.
func (w *writer) rollback(cause error) error {
	errs := []error{cause}
	for i := len(w.undo) - 1; i >= 0; i-- {
		errs = append(errs, w.undo[i]())
	}
	return errors.Join(errs...)
}

// tidy removes the folders that deletions left empty.
func (w *writer) tidy(changes []Change) {
	for _, c := range changes {
		if c.New == nil {
			RemoveEmpty(w.project.Dir, filepath.Dir(w.project.Path(c.Path)))
		}
	}
}

// RemoveEmpty removes a folder and its parents below root, as long as they are
// empty.
func RemoveEmpty(root, dir string) {
	for dir != root && len(dir) > len(root) {
		if os.Remove(dir) != nil {
			return // not empty
		}
		dir = filepath.Dir(dir)
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
