package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/graph"
	"github.com/backstory-go/backstory/codegen/hook"
	"github.com/backstory-go/backstory/codegen/plan"
)

// Config says what to make and where.
type Config struct {
	Dir     string // of the project; made when it is missing
	Module  string // its module path; default example.com/ and the folder's name
	Replace string // a checkout of this module to use; default: the version that this program is
	Log     io.Writer
}

// Validate joins everything that is wrong with the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.Dir == "" {
		faults = append(faults, errors.New("name the folder to make the project in"))
	}
	if c.Module != "" && !modulePath.MatchString(c.Module) {
		faults = append(faults, fmt.Errorf("--module %q: write a module path, such as example.com/shop", c.Module))
	}
	if c.Module == Backstory || strings.HasPrefix(c.Module, Backstory+"/") {
		faults = append(faults, fmt.Errorf("--module %q is a path of the framework: choose one of your own", c.Module))
	}
	return errors.Join(faults...)
}

// modulePath is stricter than Go, which also wants no dot at the ends of parts.
var modulePath = regexp.MustCompile(`^[a-zA-Z0-9]([-a-zA-Z0-9._~]*[-a-zA-Z0-9_~])?(/[a-zA-Z0-9]([-a-zA-Z0-9._~]*[-a-zA-Z0-9_~])?)*$`)

// Create makes a project and generates everything in it. The error is a
// *plan.Wrong for a folder that is not empty and other mistakes of usage; when the
// go command fails, the project's own files are there.
func Create(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return &plan.Wrong{Message: err.Error()}
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	if err := empty(dir); err != nil {
		return err
	}
	if c.Module == "" {
		c.Module = derived(filepath.Base(dir))
	}
	all, err := c.files(ctx)
	if err != nil {
		return err
	}
	if err := write(dir, all); err != nil {
		return err
	}
	return c.finish(ctx, dir)
}

// empty wants a folder that is not there, or holds nothing but a repository.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &plan.Wrong{Message: err.Error()}
	}
	for _, e := range entries {
		if e.Name() != ".git" {
			return &plan.Wrong{Message: fmt.Sprintf("%s is not empty (it holds %s): nothing was written; name a new folder", dir, e.Name())}
		}
	}
	return nil
}

// derived makes a module path of a folder's name.
func derived(name string) string {
	kept := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	if kept = strings.Trim(kept, "-_"); kept == "" {
		kept = "app"
	}
	return "example.com/" + kept
}

func (c Config) files(ctx context.Context) (map[string][]byte, error) {
	all, err := Files(c.Module)
	if err != nil {
		return nil, err
	}
	all[path.Join(hook.Folder, "pre-commit")] = hook.Script()
	if c.Replace == "" {
		version, goVersion, err := own()
		if err == nil {
			err = fetchable(ctx, version)
		}
		all["go.mod"] = published(c.Module, version, goVersion)
		return all, err
	}
	replace, err := filepath.Abs(c.Replace)
	if err != nil {
		return nil, err
	}
	mod, sum, err := local(c.Module, replace)
	if err != nil {
		return nil, &plan.Wrong{Message: "--replace: " + err.Error()}
	}
	all["go.mod"], all["go.sum"] = mod, sum
	return all, nil
}

// own is the version that this program was fetched as, and Go's.
func own() (version, goVersion string, err error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return fetched(info)
}

// fetched finds the version of this module in what a program says of itself. Only
// a module with a sum was fetched, so that others can fetch it too: a checkout is
// stamped with a version as well, of which nobody else need know.
func fetched(info *debug.BuildInfo) (version, goVersion string, err error) {
	goVersion, _, _ = strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ")
	checkout := ""
	for _, module := range append([]*debug.Module{&info.Main}, info.Deps...) {
		switch {
		case module.Path != Backstory:
		case module.Replace != nil:
			checkout = module.Replace.Path
		case module.Sum != "" && strings.HasPrefix(module.Version, "v"):
			return module.Version, goVersion, nil
		}
	}
	return "", "", &plan.Wrong{Message: fmt.Sprintf("this compiler was built from a checkout, which a new project's go.mod cannot name as a version: "+
		"add --replace %s, or run a published version with go run %s/codegen@latest init", cmp.Or(checkout, "<the checkout's folder>"), Backstory)}
}

// fetchable proves that a new project can have the version, before anything is
// written.
func fetchable(ctx context.Context, version string) error {
	tmp, err := os.MkdirTemp("", "backstory-init-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := run(ctx, tmp, "mod", "download", Backstory+"@"+version); err != nil {
		return fmt.Errorf("the project would need %s %s, which cannot be fetched; nothing was written: "+
			"look at the network and at GOPROXY, or name a checkout with --replace\n%w", Backstory, version, err)
	}
	return nil
}

func write(dir string, all map[string][]byte) error {
	p := plan.Plan{Project: plan.Project{Dir: dir}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p.Changes = append(p.Changes, plan.Change{Path: name, State: plan.Missing, New: all[name]})
	}
	if err := p.Write(); err != nil {
		return err
	}
	return os.Chmod(filepath.Join(dir, filepath.FromSlash(hook.Folder), "pre-commit"), 0o755)
}

// finish generates, as the project's user will, and then lets Go drop the
// requirements that nothing needs.
func (c Config) finish(ctx context.Context, dir string) error {
	c.say("a new project is in %s; generating it (the first time builds the tools, which takes a minute)", dir)
	if c.Replace == "" {
		if err := run(ctx, dir, "mod", "tidy", "-e"); err != nil { // what will be generated is not there yet
			return err
		}
	}
	if err := run(ctx, dir, "generate", "./..."); err != nil {
		return err
	}
	if err := run(ctx, dir, "mod", "tidy"); err != nil {
		if c.Replace == "" {
			return err
		}
		c.say("go.mod requires more than it needs; run go mod tidy when modules can be fetched")
	}
	c.say("done. Next: cd %s && go run ./app", c.Dir)
	c.say("with Git: git init && go tool codegen hook install")
	return nil
}

func (c Config) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Log, "codegen: "+format+"\n", args...) // that it cannot be read changes no result
}

func run(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, graph.WithoutGit(os.Environ())
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, strings.TrimSpace(string(output)))
	}
	return nil
}
