//go:build unix

package starter_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/starter"
)

// patience bounds the waits for a program; none takes it on a healthy machine.
const patience = 60 * time.Second

// TestProject makes a project with the real compiler and uses it as its user
// would, without an edit: generate, test, run, commit.
func TestProject(t *testing.T) {
	t.Parallel()
	p := project{t, filepath.Join(t.TempDir(), "Guest Book")}
	compiler := filepath.Join(t.TempDir(), "codegen")
	in(t, "../..", "go", "build", "-o", compiler, "./codegen")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	output, err := command("", compiler, "init", p.dir, "--replace", root).CombinedOutput()
	if err != nil {
		unlessOffline(t, string(output))
		t.Fatalf("%v: %s", err, output)
	}
	if module := p.read("go.mod"); !strings.HasPrefix(module, "module example.com/guestbook\n") {
		t.Errorf("go.mod says %s", module)
	}
	if readme := p.read("README.md"); !strings.Contains(readme, "c_guestbook__entry__sign --> e_guestbook__entry__signed") {
		t.Errorf("the README does not show its own diagram:\n%s", readme)
	}
	if said := p.do("go", "generate", "./..."); !strings.Contains(said, "0 files written") {
		t.Errorf("generating again said %s", said)
	}
	p.do("go", "tool", "codegen", "check")
	p.do("go", "tool", "codegen", "lint", "--code")
	p.do("go", "vet", "./...")
	p.do("go", "test", "./...")
	p.runs()
	p.commits()
}

type project struct {
	t   *testing.T
	dir string
}

func (p project) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

func (p project) do(args ...string) string {
	p.t.Helper()
	return in(p.t, p.dir, args...)
}

func in(t *testing.T, dir string, args ...string) string {
	t.Helper()
	output, err := command(dir, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") && !strings.HasPrefix(v, "DATABASE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	return cmd
}

// unlessOffline skips where modules cannot be had, which CI always can.
func unlessOffline(t *testing.T, output string) {
	t.Helper()
	offline := regexp.MustCompile(`module lookup disabled|dial tcp|no such host|connection refused`)
	if os.Getenv("CI") != "true" && offline.MatchString(output) {
		t.Skipf("the modules of a new project cannot be fetched here: %s", output)
	}
}

// runs starts the app, signs the book and stops the app as Ctrl-C does.
func (p project) runs() {
	p.t.Helper()
	cmd := command(p.dir, "go", "run", "./app", "-addr", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer kill.Stop()
	lines := bufio.NewScanner(out)
	address := ""
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "Ready on ")
	}
	p.signs(address)
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		p.t.Error(err)
	}
	_, _ = io.Copy(io.Discard, out) // until it has ended
	err = cmd.Wait()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() == -1 {
		p.t.Error("the app had to be killed")
	}
}

func (p project) signs(address string) {
	p.t.Helper()
	res, err := http.PostForm(address+"/sign", url.Values{"guest": {"Ann"}, "text": {"Lovely."}})
	if err != nil {
		p.t.Error(err)
		return
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(page), "Lovely.") {
		p.t.Errorf("%v: %s", err, page)
	}
}

// commits changes a schema and wants the commit to bring what follows from it.
func (p project) commits() {
	p.t.Helper()
	p.do("git", "init", "-q")
	p.do("go", "tool", "codegen", "hook", "install")
	p.do("git", "add", ".")
	p.do("git", "commit", "-q", "-m", "start")
	file := filepath.Join(p.dir, "schemas/guestbook/entry/commands/withdraw.json")
	changed := strings.Replace(p.read("schemas/guestbook/entry/commands/withdraw.json"), "Takes an entry back.", "Takes an entry back for good.", 1)
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.do("git", "commit", "-q", "-a", "-m", "change")
	if shown := p.do("git", "show", "--stat", "HEAD"); !strings.Contains(shown, "README.md") {
		p.t.Errorf("the commit holds %s", shown)
	}
	if status := p.do("git", "status", "--porcelain"); status != "" {
		p.t.Errorf("the work tree is %s", status)
	}
}

// The tools of a new project are those of this one.
func TestToolsAreOurs(t *testing.T) {
	files, err := starter.Files("example.com/starter")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tools/go.mod", "tools/go.sum"} {
		ours, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(string(ours), "module "+starter.Backstory+"/tools", "module example.com/starter/tools", 1)
		if string(files[name]) != want {
			t.Errorf("codegen/starter/files/%s.tmpl is not %s any more: copy it, with the module example.com/starter/tools", name, name)
		}
	}
}

func TestModulePathStandsEverywhere(t *testing.T) {
	files, err := starter.Files("example.org/shop")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if strings.Contains(string(data), "example.com/starter") {
			t.Errorf("%s still names the placeholder", name)
		}
		if strings.HasSuffix(name, ".tmpl") {
			t.Errorf("%s kept its ending", name)
		}
	}
	if files[".gitignore"] == nil || files["app/main.go"] == nil {
		t.Error("files are missing")
	}
}

func TestWrongUsage(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "shop")
	tests := []struct {
		name   string
		config starter.Config
		want   string
	}{
		{"a folder that holds something", starter.Config{Dir: full, Replace: "../.."}, "is not empty (it holds mine.txt)"},
		{"a module that is none", starter.Config{Dir: fresh, Module: "a b", Replace: "../.."}, "write a module path"},
		{"a module of ours", starter.Config{Dir: fresh, Module: starter.Backstory + "/x", Replace: "../.."}, "choose one of your own"},
		{"no checkout", starter.Config{Dir: fresh, Replace: full}, "--replace: open"},
		{"another module's checkout", starter.Config{Dir: fresh, Replace: "../../tools"}, "is no checkout of"},
		{"no version", starter.Config{Dir: fresh}, "add --replace"},
		{"no folder", starter.Config{}, "name the folder"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Log = io.Discard
			err := starter.Create(t.Context(), test.config)
			wrong, ok := errors.AsType[*plan.Wrong](err)
			if !ok || !strings.Contains(wrong.Message, test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, err := os.Stat(fresh); err == nil {
				t.Error("something was written")
			}
		})
	}
}
