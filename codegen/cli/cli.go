// Package cli is the compiler's command line: flags, exit codes, and how plans,
// faults and pictures are printed.
//
// It owns nothing else: each command calls one function of package plan, graph
// or hook. Only codegen's main imports it, and hands it the compiler's stages.
//
// Invariant: data goes to standard output and messages to standard error; the
// exit code is 0, 1 for findings or drift, 2 for a wrong schema or wrong usage,
// 3 for a failure of the compiler or its tools.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/hook"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/spf13/cobra"
)

// The exit codes.
const (
	OK       = 0
	Findings = 1
	Wrong    = 2
	Failure  = 3
)

// Compiler are the stages that the commands run.
type Compiler struct {
	// Read loads and resolves the schemas; its error may be a *plan.Invalid.
	Read func(plan.Project) (compat.Side, error)
	// Plan runs all stages.
	Plan func(context.Context, plan.Project) (*plan.Plan, error)
}

// app is one run of the command line.
type app struct {
	compiler Compiler
	out, err io.Writer
	dir      string
	format   string
}

// findings ends a command that has already said what it found.
type findings struct{ code int }

func (findings) Error() string { return "findings" }

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, compiler Compiler, args []string, out, err io.Writer) int {
	a := &app{compiler: compiler, out: out, err: err}
	root := a.root()
	root.SetArgs(args)
	return a.report(root.ExecuteContext(ctx))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "codegen",
		Short: "Compiles schemas into Go, SQL and diagrams",
		Long: "Compiles schemas into Go, SQL and diagrams. What was asked for goes to standard output, messages to standard error.\n\n" +
			"Exit codes: 0; 1 findings or drift; 2 a wrong schema or wrong usage; 3 a failure of the compiler or of a tool.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          needCommand,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.PersistentFlags().StringVarP(&a.dir, "dir", "C", ".", "the folder that holds schemas/")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &plan.Wrong{Message: fmt.Sprintf("%v; see codegen %s --help", err, strings.TrimPrefix(c.CommandPath(), "codegen "))}
	})
	root.AddCommand(a.generate(), a.check(), a.lint(), a.breaking(), a.publish(), a.scaffold(), a.graph(), a.hook(), a.init())
	return root
}

func needCommand(c *cobra.Command, _ []string) error {
	return &plan.Wrong{Message: "which command? " + c.CommandPath() + " --help lists them"}
}

// usageArgs makes a wrong argument a mistake of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check(c, args) == nil {
			return nil
		}
		path := c.CommandPath()
		switch {
		case !c.HasSubCommands() && len(args) == 0:
			return &plan.Wrong{Message: fmt.Sprintf("something is missing: write %s", c.UseLine())}
		case !c.HasSubCommands():
			return &plan.Wrong{Message: fmt.Sprintf("%q is too much: write %s", args[len(args)-1], c.UseLine())}
		}
		remedy := path + " --help lists them"
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			remedy = "did you mean " + strings.Join(near, " or ") + "?"
		}
		return &plan.Wrong{Message: fmt.Sprintf("unknown command %q for %q: %s", args[0], path, remedy)}
	}
}

// reports adds the flag of the commands that print reports.
func (a *app) reports(c *cobra.Command) {
	c.Flags().StringVar(&a.format, "format", string(source.Text), "text, json or github")
	c.PreRunE = func(*cobra.Command, []string) error {
		return oneOf("format", a.format, string(source.Text), string(source.JSON), string(source.GitHub))
	}
}

func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return &plan.Wrong{Message: fmt.Sprintf("--%s %q: write one of %s", flag, value, strings.Join(allowed, ", "))}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// open finds the project and everything in it that must be right.
func (a *app) open() (plan.Project, error) { return plan.Open(a.dir) }

// read opens the project and its schemas as they stand on the disk.
func (a *app) read() (plan.Project, compat.Side, error) {
	project, err := a.open()
	if err != nil {
		return project, compat.Side{}, err
	}
	now, err := a.compiler.Read(project)
	return project, now, err
}

// report prints an error where it belongs and chooses the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return OK
	}
	if done, ok := errors.AsType[findings](err); ok {
		return done.code
	}
	if invalid, ok := errors.AsType[*plan.Invalid](err); ok {
		return a.invalid(invalid)
	}
	if faults, ok := errors.AsType[source.Faults](err); ok {
		return a.invalid(&plan.Invalid{Faults: faults})
	}
	a.say("%v", err)
	if _, ok := errors.AsType[*plan.Wrong](err); ok {
		return Wrong
	}
	if _, ok := errors.AsType[*plan.NoSchemas](err); ok {
		return Wrong
	}
	if _, ok := errors.AsType[*plan.ForeignError](err); ok {
		return Findings
	}
	if _, ok := errors.AsType[*hook.Drift](err); ok {
		return Findings
	}
	return Failure
}

// invalid prints faults: for people they are messages, for programs data.
func (a *app) invalid(invalid *plan.Invalid) int {
	format, to := source.Format(a.format), a.out
	if format == "" || format == source.Text {
		format, to = source.Text, a.err
	}
	if err := source.Render(to, format, invalid.Faults, invalid.Tree); err != nil {
		a.say("%v", err)
		return Failure
	}
	a.say("%s, nothing was written", count(len(invalid.Faults), "fault"))
	return Wrong
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// say tells a person something. That it cannot be read changes no result.
func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, "codegen: "+format+"\n", args...)
}
