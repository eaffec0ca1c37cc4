// Command codegen is the schema compiler: schemas in, Go, SQL and diagrams out.
//
// This file owns the list of its stages and nothing else; the command line is
// package cli's. Nobody imports it.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path"
	"runtime/debug"

	"github.com/backstory-go/backstory/codegen/catalog"
	"github.com/backstory-go/backstory/codegen/cli"
	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/contract"
	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
)

func main() {
	debug.SetGCPercent(400) // a short run: collecting costs more than the memory
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := cli.Run(ctx, cli.Compiler{Read: read, Plan: compile}, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// read is the first half: files with positions → a checked, resolved, sorted,
// named model.
func read(project plan.Project) (compat.Side, error) {
	tree, faults := source.Read(project.Path(project.Schemas)) // load
	system, more := model.Build(tree, project.Module)          // model
	if faults = append(faults, more...).Sorted(); len(faults) > 0 {
		return compat.Side{}, &plan.Invalid{Faults: faults, Tree: tree}
	}
	return compat.Side{Tree: tree, System: system}, nil
}

// compile is all of it: → a map of path to bytes → a plan, to be written or
// compared.
func compile(ctx context.Context, project plan.Project) (*plan.Plan, error) {
	return compileWith(ctx, project, plan.DefaultTools(project.Tools))
}

func compileWith(ctx context.Context, project plan.Project, tools plan.Tools) (*plan.Plan, error) {
	now, err := read(project)
	if err != nil {
		return nil, err
	}
	made, err := write(ctx, project, now.System, tools)
	if faults, ok := errors.AsType[source.Faults](err); ok {
		return nil, &plan.Invalid{Faults: faults, Tree: now.Tree}
	}
	return made, err
}

// write is the second half: the model → a map of path to bytes → a plan.
func write(ctx context.Context, project plan.Project, system *model.System, tools plan.Tools) (*plan.Plan, error) {
	files, err := emit.Files(system) // emit
	if err != nil {
		return nil, err
	}
	if err := document(project, system, files); err != nil {
		return nil, err
	}
	return plan.Make(ctx, project, system, files, tools) // plan
}

// document adds what people and other systems read: catalog and contracts.
func document(project plan.Project, system *model.System, files map[string][]byte) error {
	if project.Docs == "" {
		return nil
	}
	for name, page := range catalog.Pages(system) {
		files[path.Join(project.Docs, "catalog", name)] = page
	}
	var err error
	if files[path.Join(project.Docs, "asyncapi.json")], err = contract.AsyncAPI(system); err != nil {
		return err
	}
	files[path.Join(project.Docs, "openapi.json")], err = contract.OpenAPI(system)
	return err
}
