package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// git runs the git command for one repository and one index.
type git struct {
	dir   string // the top folder of the work tree
	index string // GIT_INDEX_FILE, absolute; empty: Git's own choice
}

// run returns what git prints. The variables that Git gave to the hook stay:
// they say which repository and which index this commit is about.
func (g git) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = g.dir
	if g.index != "" {
		cmd.Env = append(os.Environ(), "GIT_INDEX_FILE="+g.index)
	}
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(problems.String()))
	}
	return out.Bytes(), nil
}

// line returns git's answer without the line's end.
func (g git) line(ctx context.Context, args ...string) (string, error) {
	out, err := g.run(ctx, nil, args...)
	return strings.TrimRight(string(out), "\r\n"), err
}

// entry is a file of the index: its mode and the id of its content.
type entry struct{ mode, id string }

// maxPaths is how many paths are named one by one: a command line has an end.
const maxPaths = 500

// entries returns the index's entries of these paths.
func (g git) entries(ctx context.Context, paths []string) (map[string]entry, error) {
	found := map[string]entry{}
	if len(paths) == 0 {
		return found, nil
	}
	args := []string{"--literal-pathspecs", "ls-files", "-s", "-z", "--"}
	if len(paths) <= maxPaths {
		args = append(args, paths...)
	}
	out, err := g.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, name := range paths {
		wanted[name] = true
	}
	for record := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, name, ok := strings.Cut(record, "\t")
		if fields := strings.Fields(head); ok && len(fields) == 3 && wanted[name] {
			found[name] = entry{fields[0], fields[1]}
		}
	}
	return found, nil
}

// blob returns the content of an index entry as it would be checked out.
func (g git) blob(ctx context.Context, name string, e entry) ([]byte, error) {
	return g.run(ctx, nil, "cat-file", "--filters", "--path="+name, e.id)
}

// store writes a content as it would be added under that name and returns its id.
func (g git) store(ctx context.Context, name string, data []byte) (string, error) {
	if data == nil {
		data = []byte{}
	}
	out, err := g.run(ctx, data, "hash-object", "-w", "--stdin", "--path="+name)
	return strings.TrimSpace(string(out)), err
}

// update changes the index; an empty id takes the path out.
func (g git) update(ctx context.Context, changes map[string]entry) error {
	var in, gone bytes.Buffer
	for name, e := range changes {
		if e.id == "" {
			gone.WriteString(name + "\x00")
			continue
		}
		fmt.Fprintf(&in, "%s %s\t%s\x00", e.mode, e.id, name)
	}
	if gone.Len() > 0 {
		if _, err := g.run(ctx, gone.Bytes(), "update-index", "--force-remove", "-z", "--stdin"); err != nil {
			return err
		}
	}
	if in.Len() == 0 {
		return nil
	}
	_, err := g.run(ctx, in.Bytes(), "update-index", "-z", "--index-info")
	return err
}

func readFile(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && data == nil {
		data = []byte{}
	}
	return data, err
}
