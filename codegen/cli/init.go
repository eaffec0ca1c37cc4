package cli

import (
	"github.com/backstory-go/backstory/codegen/starter"
	"github.com/spf13/cobra"
)

func (a *app) init() *cobra.Command {
	config := starter.Config{Log: a.err}
	c := &cobra.Command{
		Use:   "init <dir>",
		Short: "Makes a new project: one small context, its decisions, a page and the hook",
		Args:  usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			config.Dir = args[0]
			return starter.Create(c.Context(), config)
		},
	}
	c.Flags().StringVar(&config.Module, "module", "", "the project's module path (default example.com/ and the folder's name)")
	c.Flags().StringVar(&config.Replace, "replace", "", "a local copy of github.com/backstory-go/backstory to use")
	return c
}
