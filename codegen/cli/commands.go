package cli

import (
	"context"

	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/hook"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/spf13/cobra"
)

func (a *app) generate() *cobra.Command {
	watch := false
	c := &cobra.Command{
		Use:   "generate",
		Short: "Writes everything that is made of the schemas",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if watch {
				return a.watch(c.Context())
			}
			return a.write(c.Context())
		},
	}
	c.Flags().BoolVar(&watch, "watch", false, "generate again whenever schemas or SQL change")
	a.reports(c)
	return c
}

func (a *app) check() *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "Says which generated files are not as the schemas have them; writes nothing",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := a.plan(c.Context())
			if err != nil {
				return err
			}
			if err := a.drift(p); err != nil {
				return err
			}
			kept, err := a.keepsPublished()
			if err != nil {
				return err
			}
			if len(p.Changes) > 0 || !kept {
				return findings{Findings}
			}
			return nil
		},
	}
	a.reports(c)
	return c
}

func (a *app) plan(ctx context.Context) (*plan.Plan, error) {
	project, err := a.open()
	if err != nil {
		return nil, err
	}
	return a.compiler.Plan(ctx, project)
}

// selection is what a picture shows.
type selection struct{ format, context, component, message string }

func (a *app) graph() *cobra.Command {
	var s selection
	c := &cobra.Command{
		Use:   "graph",
		Short: "Prints one diagram",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := oneOf("format", s.format, "mermaid", "dot", "svg", "json"); err != nil {
				return err
			}
			project, now, err := a.read()
			if err != nil {
				return err
			}
			g, err := s.choose(now.System)
			if err != nil {
				return err
			}
			return a.draw(c.Context(), project, g, s.format)
		},
	}
	c.Flags().StringVar(&s.format, "format", "mermaid", "mermaid, dot, svg or json")
	c.Flags().StringVar(&s.context, "context", "", "only this context, e.g. todos")
	c.Flags().StringVar(&s.component, "component", "", "only this component, e.g. todos.list, or list with --context")
	c.Flags().StringVar(&s.message, "message", "", "only what leads to this message and what follows, e.g. todos.list.add_item")
	return c
}

// choose returns the selected picture; without a selection, all components.
func (s selection) choose(sys *model.System) (*graph.Graph, error) {
	switch {
	case s.message != "" && s.component != "":
		return nil, &plan.Wrong{Message: "--component and --message exclude each other"}
	case s.message != "":
		full, err := resolve(messages(sys), s.context, s.message, "message")
		if err != nil {
			return nil, err
		}
		g, _ := graph.Message(sys, full)
		return g, nil
	case s.component != "":
		full, err := resolve(components(sys), s.context, s.component, "component")
		if err != nil {
			return nil, err
		}
		return graph.Component(sys, full), nil
	case s.context != "":
		full, err := resolve(contexts(sys), "", s.context, "context")
		if err != nil {
			return nil, err
		}
		return graph.Context(sys, full), nil
	}
	return graph.Overview(sys, ""), nil
}

func (a *app) draw(ctx context.Context, project plan.Project, g *graph.Graph, format string) error {
	var text []byte
	var err error
	switch format {
	case "dot":
		text = []byte(graph.Dot(g))
	case "json":
		text, err = graph.JSON(g)
	case "svg":
		var pictures []graph.Picture
		if pictures, err = plan.DefaultTools(project.Tools).Draw(ctx, []string{graph.Dot(g)}); err == nil {
			text = pictures[0].Light
		}
	default:
		text = []byte(graph.Mermaid(g))
	}
	if err != nil {
		return err
	}
	_, err = a.out.Write(text)
	return err
}

func (a *app) hook() *cobra.Command {
	c := &cobra.Command{
		Use:   "hook",
		Short: "The Git hook that keeps generated files in step within each commit",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  needCommand,
	}
	force := false
	install := &cobra.Command{
		Use:   "install",
		Short: "Makes Git run the hook",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return hook.Install(c.Context(), a.dir, force, a.err)
		},
	}
	install.Flags().BoolVar(&force, "force", false, "take the place of another core.hooksPath")
	c.AddCommand(install, &cobra.Command{
		Use:   "uninstall",
		Short: "Makes Git run it no more",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return hook.Uninstall(c.Context(), a.dir, a.err) },
	}, &cobra.Command{
		Use:   "run",
		Short: "Brings the index up to date; Git calls it through the hook",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return hook.Run(c.Context(), a.dir, a.compiler.Plan, a.err)
		},
	})
	return c
}

// summary tells a person what generate did.
func (a *app) summary(p *plan.Plan) {
	written, removed := 0, 0
	for _, c := range p.Changes {
		if c.New == nil {
			removed++
		} else {
			written++
		}
		if c.State == plan.Edited {
			a.say("%s was not as it had been generated; it is generated again", c.Path)
		}
	}
	if len(p.Blocks) == 0 {
		a.say("%s holds no context yet: a folder below it is one, and codegen init <new folder> shows how", p.Project.Schemas)
	}
	a.say("%s written, %d removed, %d unchanged", count(written, "file"), removed, max(0, len(p.Files)-written))
}
