package cli

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/spf13/cobra"
)

func (a *app) breaking() *cobra.Command {
	against := ""
	c := &cobra.Command{
		Use:   "breaking --against <git ref>",
		Short: "Says what the log, running code or callers would not survive since a Git ref",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if against == "" {
				return &plan.Wrong{Message: "against which ref? write --against main, or another branch, tag or commit"}
			}
			project, now, err := a.read()
			if err != nil {
				return err
			}
			question := compat.Breaking{Dir: project.Dir, Schemas: project.Schemas, Module: project.Module, Ref: against, Format: source.Format(a.format)}
			broken, err := question.Run(c.Context(), now, a.out, a.err)
			if wrong, ok := errors.AsType[*compat.RefError](err); ok {
				return &plan.Wrong{Message: wrong.Message}
			}
			if err == nil && broken {
				return findings{Findings}
			}
			return err
		},
	}
	c.Flags().StringVar(&against, "against", "", "the branch, tag or commit to compare with")
	a.reports(c)
	return c
}

func (a *app) publish() *cobra.Command {
	c := &cobra.Command{
		Use:   "publish",
		Short: "Records the versions of all events as published: they must be readable for ever",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			project, now, err := a.read()
			if err != nil {
				return err
			}
			before, err := compat.LastPublished(c.Context(), project.Dir, project.Schemas, project.Module)
			if err != nil {
				return err
			}
			files, err := compat.Publish(now, before)
			if faults, ok := errors.AsType[source.Faults](err); ok {
				return &plan.Invalid{Faults: faults, Tree: now.Tree}
			}
			if err != nil {
				return err
			}
			return a.record(project, now.Tree, files)
		},
	}
	a.reports(c)
	return c
}

// record writes the files that publish made, all or none.
func (a *app) record(project plan.Project, tree *source.Tree, files map[string][]byte) error {
	p := plan.Plan{Project: project}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		change := plan.Change{Path: project.Schemas + "/" + name, State: plan.Missing, New: files[name]}
		if old := tree.File(source.Root + "/" + name); old != nil {
			change.State, change.Old = plan.Stale, old.Bytes()
		}
		p.Changes = append(p.Changes, change)
	}
	if err := p.Write(); err != nil {
		return err
	}
	a.say("%s written", count(len(files), "file"))
	return nil
}

// keepsPublished says whether every published version of an event is as it was
// published, and prints what is not.
func (a *app) keepsPublished() (bool, error) {
	project, err := a.open()
	if err != nil {
		return false, err
	}
	if nothingPublished(project) {
		return true, nil
	}
	now, err := a.compiler.Read(project)
	if err != nil {
		return false, err
	}
	faults := compat.Check(now.Tree, now.System)
	if len(faults) == 0 {
		return true, nil
	}
	return false, source.Render(a.out, source.Format(a.format), faults, now.Tree)
}

// nothingPublished spares the common case a second reading of the schemas.
func nothingPublished(project plan.Project) bool {
	for _, name := range []string{compat.PublishedFile, compat.PublishedFolder} {
		if _, err := os.Stat(project.Path(project.Schemas + "/" + name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}
