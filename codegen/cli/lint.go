package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/backstory-go/backstory/codegen/lint"
	"github.com/backstory-go/backstory/codegen/scaffold"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/spf13/cobra"
)

func (a *app) lint() *cobra.Command {
	code := false
	c := &cobra.Command{
		Use:   "lint",
		Short: "Says where the flow of messages is faulty; with --code, which declared edges the handlers do not have",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			project, now, err := a.read()
			if err != nil {
				return err
			}
			found := lint.Flow(now.System)
			if code {
				more, err := lint.Code(c.Context(), project.Dir, now.System)
				if err != nil {
					return err
				}
				found = append(found, more...)
			}
			if err := lint.Render(a.out, source.Format(a.format), found); err != nil {
				return err
			}
			if lint.Failed(found) {
				return findings{Findings}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&code, "code", false, "also read the handlers: an event or command that a schema declares and no code sends is a fault")
	a.reports(c)
	return c
}

func (a *app) scaffold() *cobra.Command {
	return &cobra.Command{
		Use:   "scaffold",
		Short: "Writes starting files for handlers that do not exist, and prints what is missing or left over",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			project, now, err := a.read()
			if err != nil {
				return err
			}
			files, missing, orphaned, err := scaffold.Plan(c.Context(), project.Dir, now.System)
			if err != nil {
				return err
			}
			for _, name := range sortedKeys(files) {
				if err := create(filepath.Join(project.Dir, filepath.FromSlash(name)), files[name]); err != nil {
					return err
				}
				a.say("wrote %s", name)
			}
			return a.stubs(missing, orphaned)
		},
	}
}

// stubs prints what a person pastes, and what no schema asks for any more.
func (a *app) stubs(missing []scaffold.Stub, orphaned []string) error {
	for _, stub := range missing {
		a.say("%s lacks %s.%s", stub.File, stub.Type, stub.Method)
		if _, err := fmt.Fprintln(a.out, stub.Text); err != nil {
			return err
		}
	}
	for _, method := range orphaned {
		a.say("no schema asks for this any more: %s", method)
	}
	if len(missing)+len(orphaned) == 0 {
		a.say("every handler is there")
	}
	return nil
}

// create writes a file that must not exist yet: a person's file is never touched.
func create(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		_ = file.Close() // the first error is the one to tell
		return err
	}
	return file.Close()
}
