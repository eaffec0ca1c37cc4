package compat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Breaking is one question: what do today's schemas break since a Git ref?
type Breaking struct {
	Dir     string // the project's folder
	Schemas string // the folder of the schemas below it
	Module  string // module path of the generated code
	Ref     string
	Format  source.Format
}

// Run prints the findings to out and what a person should know beside them to
// messages. It says whether any finding is more than a warning. The error is a
// *RefError when there is nothing at the ref that could be compared.
func (b Breaking) Run(ctx context.Context, now Side, out, messages io.Writer) (broken bool, err error) {
	old, err := b.before(ctx)
	if err != nil {
		return false, err
	}
	findings := Compare(old, now)
	if err := Render(out, b.Format, findings, now.Tree); err != nil {
		return false, err
	}
	switch {
	case old.System == nil:
		_, err = fmt.Fprintf(messages, "codegen: %s has no %s, so there is nothing to compare\n", b.Ref, b.Schemas)
	case len(findings) == 0:
		_, err = fmt.Fprintf(messages, "codegen: nothing breaks since %s\n", b.Ref)
	}
	return findings.Break(), err
}

// LastPublished are the schemas as they stood in the commit that last changed
// published.json: those whose hashes it holds. The Side is empty when there is no
// such commit, or no Git, or when today's compiler refuses them.
func LastPublished(ctx context.Context, dir, schemas, module string) (Side, error) {
	out, err := repository{dir}.run(ctx, nil, "log", "-1", "--format=%H", "--", path.Join(schemas, PublishedFile))
	ref := strings.TrimSpace(string(out))
	if err != nil || ref == "" {
		return Side{}, ctx.Err()
	}
	before, err := Breaking{Dir: dir, Schemas: schemas, Module: module, Ref: ref}.before(ctx)
	var wrong *RefError
	if errors.As(err, &wrong) {
		return Side{}, nil
	}
	return before, err
}

// before is the old side. Schemas that today's compiler refuses cannot be
// compared, and cannot be corrected either.
func (b Breaking) before(ctx context.Context) (Side, error) {
	tree, faults, err := AtRef(ctx, b.Dir, b.Schemas, b.Ref)
	if tree == nil || err != nil {
		return Side{}, err
	}
	system, more := model.Build(tree, b.Module)
	if faults = append(faults, more...).Sorted(); len(faults) > 0 {
		return Side{}, &RefError{b.Ref, fmt.Sprintf("the schemas of %s are refused by this compiler, so nothing can be compared with them; choose a later commit\n%s", b.Ref, faults)}
	}
	return Side{tree, system}, nil
}
