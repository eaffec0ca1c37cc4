package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/backstory-go/backstory/codegen/cli"
	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
)

// TestWatch changes a schema, breaks it and mends it: each time the watch plans
// anew, and a fault does not end it.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "go.mod", "module example.com/shop\n")
	put(t, dir, "schemas/shop/types.json", "one")
	planned := make(chan string)
	compiler := cli.Compiler{
		Read: func(plan.Project) (compat.Side, error) { return compat.Side{}, nil },
		Plan: func(ctx context.Context, p plan.Project) (*plan.Plan, error) {
			data, err := os.ReadFile(p.Path("schemas/shop/types.json"))
			if err != nil {
				return nil, err
			}
			select {
			case planned <- string(data):
			case <-ctx.Done():
			}
			if string(data) == "broken" {
				return nil, &plan.Invalid{Faults: source.Faults{{Message: "broken"}}}
			}
			// What is generated among the inputs starts nothing.
			generated := plan.Change{Path: "queries/shop/carts_gen.sql", State: plan.Stale, New: data}
			return &plan.Plan{Project: p, Changes: []plan.Change{generated}}, nil
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var out, messages bytes.Buffer
	go func() {
		ended <- cli.Run(ctx, compiler, []string{"generate", "--watch", "-C", dir}, &out, &messages)
	}()
	for _, text := range []string{"one", "broken", "mended"} {
		if text != "one" {
			put(t, dir, "schemas/shop/types.json", text)
		}
		select {
		case got := <-planned:
			if got != text {
				t.Fatalf("planned for %q, want %q", got, text)
			}
		case code := <-ended:
			t.Fatalf("it ended with %d: %s", code, messages.String())
		case <-time.After(30 * time.Second):
			t.Fatalf("nothing was planned for %q", text)
		}
	}
	stop()
	if code := <-ended; code != cli.OK {
		t.Errorf("it ended with %d: %s", code, messages.String())
	}
	if got, err := os.ReadFile(filepath.Join(dir, "queries/shop/carts_gen.sql")); err != nil || len(got) == 0 {
		t.Errorf("nothing was written: %v", err)
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
