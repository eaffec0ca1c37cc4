package compat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// RefError says why the schemas of a Git ref could not be read: wrong usage, not
// a failure of ours.
type RefError struct {
	Ref     string
	Message string // a sentence without a full stop that says what to do
}

// Error is the message.
func (e *RefError) Error() string { return e.Message }

// AtRef reads the schemas of a Git ref. The folder dir is the project's, which
// may lie anywhere in the work tree, and schemas is the folder below it. The tree
// is nil when the ref has no such folder: there is nothing to compare. The error
// is a *RefError when Git does not know the ref or dir is in no repository.
func AtRef(ctx context.Context, dir, schemas, ref string) (*source.Tree, source.Faults, error) {
	g := repository{dir}
	commit, err := g.commit(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	prefix, err := g.run(ctx, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, nil, err
	}
	blobs, err := g.list(ctx, commit, path.Join(strings.TrimRight(string(prefix), "\r\n"), schemas))
	if err != nil || len(blobs) == 0 {
		return nil, nil, err
	}
	files, err := g.contents(ctx, blobs)
	if err != nil {
		return nil, nil, err
	}
	tree, faults := source.New(files)
	return tree, faults, nil
}

// repository runs git in a folder of a work tree.
type repository struct{ dir string }

// run returns what git prints. Variables that Git gives to hooks are taken out:
// they would point to another place than the folder.
func (r repository) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}, name)
	})
	cmd.Env = append(cmd.Env, "LC_ALL=C")
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

// commit is the id of the commit that a ref means.
func (r repository) commit(ctx context.Context, ref string) (string, error) {
	if _, err := r.run(ctx, nil, "rev-parse", "--is-inside-work-tree"); err != nil {
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, exec.ErrNotFound):
			return "", &RefError{ref, "git is not installed, and the old schemas are read from Git"}
		}
		return "", &RefError{ref, fmt.Sprintf("%s is in no Git repository that can be read, so there is no %q to compare with", r.dir, ref)}
	}
	out, err := r.run(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil || ref == "" {
		return "", &RefError{ref, fmt.Sprintf("there is no commit %q here: correct the name, or fetch it (a shallow clone lacks older commits: git fetch --unshallow)", ref)}
	}
	return strings.TrimSpace(string(out)), nil
}

// blob is a file of a commit.
type blob struct{ name, id string }

// list finds the JSON files below a folder as source.Read would: hidden ones and
// other kinds of files are passed over.
func (r repository) list(ctx context.Context, commit, folder string) ([]blob, error) {
	out, err := r.run(ctx, nil, "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, "--", folder+"/")
	if err != nil {
		return nil, err
	}
	var blobs []blob
	for record := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, full, _ := strings.Cut(record, "\t")
		name, inside := strings.CutPrefix(full, folder+"/")
		fields := strings.Fields(head) // mode, type, id
		hidden := strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
		if len(fields) != 3 || !inside || hidden || strings.ToLower(path.Ext(name)) != ".json" {
			continue
		}
		if fields[1] != "blob" || fields[0] == "120000" {
			return nil, &RefError{commit, fmt.Sprintf("%s is a link in the old commit, and links cannot be followed there: compare with a commit in which it is a file", full)}
		}
		blobs = append(blobs, blob{name, fields[2]})
	}
	return blobs, nil
}

// contents reads all files with one process.
func (r repository) contents(ctx context.Context, blobs []blob) (map[string][]byte, error) {
	var ids bytes.Buffer
	for _, b := range blobs {
		ids.WriteString(b.id + "\n")
	}
	out, err := r.run(ctx, ids.Bytes(), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, b := range blobs {
		head, rest, _ := bytes.Cut(out, []byte("\n")) // id, type, size
		fields := strings.Fields(string(head))
		if len(fields) != 3 || fields[0] != b.id {
			return nil, fmt.Errorf("git cat-file: %s cannot be read: %s", b.name, head)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size >= len(rest) {
			return nil, fmt.Errorf("git cat-file: %s is cut off", b.name)
		}
		files[b.name] = bytes.Clone(rest[:size])
		out = rest[size+1:]
	}
	return files, nil
}
