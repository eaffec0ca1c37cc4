package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine/localpg"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// runAsApp makes the test binary behave as the app itself.
const runAsApp = "BACKSTORY_TEST_RUN_APP"

func TestMain(m *testing.M) {
	if os.Getenv(runAsApp) != "" {
		main()
		return
	}
	pgtest.Main(m)
}

// TestWhatWasStoredIsThereAgain starts the app as a person does, in an empty
// folder, and stops and kills it.
func TestWhatWasStoredIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	mustAllow(t, dir)

	first := start(t, dir)
	first.login("ann")
	first.post("/commands/todos.list.create", url.Values{"name": {"Groceries"}})
	first.sees("Groceries")
	first.turnsAway("todos.evil.example")
	first.tells("/healthz", `"status":"ok"`, `"commands 0"`)
	first.tells("/readyz", `"status":"ready"`, `"consumers"`)
	first.tells("/metrics", "backstory_head_position 5\n", `backstory_consumer_lag_events{consumer="todos.listings"} 0`)
	first.tellsContracts()
	first.stop(syscall.SIGTERM)
	if server, err := localpg.Find(t.Context(), localpg.Config{Dir: filepath.Join(dir, ".data")}); !errors.Is(err, localpg.ErrNotRunning) {
		if err == nil {
			err = server.Close()
		}
		t.Fatalf("after SIGTERM PostgreSQL still runs: %v", err)
	}

	second := start(t, dir)
	second.login("ann")
	second.sees("Groceries")
	second.post("/commands/todos.list.create", url.Values{"name": {"Hardware"}})
	second.stop(syscall.SIGKILL)

	third := start(t, dir)
	third.login("ann")
	third.sees("Groceries")
	third.sees("Hardware")
	third.stop(os.Interrupt)
}

// mustAllow opens the folders that t.TempDir made, for the user that PostgreSQL runs as.
func mustAllow(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// instance is a running app and a browser without JavaScript.
type instance struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	http *http.Client
}

func start(t *testing.T, dir string) *instance {
	t.Helper()
	cmd := exec.Command(os.Args[0], "--addr", "127.0.0.1:0")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), runAsApp+"=1", "DATABASE_URL=", "PORT=", "SESSION_SECRET=")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if base, ok := strings.CutPrefix(lines.Text(), "Ready on "); ok {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			return &instance{t, cmd, base, &http.Client{Jar: jar, Timeout: 20 * time.Second}}
		}
	}
	t.Fatalf("the app ended before it was ready: %v", cmd.Wait())
	return nil
}

func (i *instance) login(user string) { i.post("/login", url.Values{"username": {user}}) }

func (i *instance) post(path string, form url.Values) {
	i.t.Helper()
	answer, err := i.http.PostForm(i.base+path, form)
	if err != nil {
		i.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK { // after the redirect
		body, _ := io.ReadAll(answer.Body)
		i.t.Fatalf("POST %s: %s\n%s", path, answer.Status, body)
	}
}

// sees waits until the home page shows the text: on a slow machine a command may
// take longer than its sender is kept waiting.
func (i *instance) sees(text string) {
	i.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for body := i.home(); !strings.Contains(body, text); body = i.home() {
		select {
		case <-tick.C:
		case <-deadline:
			i.t.Fatalf("%q is not on the home page:\n%s", text, body)
		}
	}
}

func (i *instance) home() string {
	i.t.Helper()
	return i.read("/")
}

func (i *instance) read(path string) string {
	i.t.Helper()
	answer, err := i.http.Get(i.base + path)
	if err != nil {
		i.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return string(body)
}

// tells waits until the page has all the texts.
func (i *instance) tells(path string, texts ...string) {
	i.t.Helper()
	var body string
	eventually(i.t, path+" tells what it must", func() bool {
		body = i.read(path)
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(body, text) })
	})
}

// tellsContracts wants what the schemas say, told to whoever asks without a session.
func (i *instance) tellsContracts() {
	i.t.Helper()
	for path, kind := range map[string]string{"/openapi.json": "openapi", "/asyncapi.json": "asyncapi"} {
		answer, err := http.Get(i.base + path)
		if err != nil {
			i.t.Fatal(err)
		}
		var document map[string]any
		err = errors.Join(json.NewDecoder(answer.Body).Decode(&document), answer.Body.Close())
		version, _ := document[kind].(string)
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(version, "3.") {
			i.t.Errorf("%s: %s, %s %q, %v", path, answer.Status, kind, version, err)
		}
		text, err := json.Marshal(document)
		if err != nil || !strings.Contains(string(text), "todos.list.add_item") && !strings.Contains(string(text), "todos.list.item_added") {
			i.t.Errorf("%s tells nothing of the lists: %v", path, err)
		}
	}
}

// turnsAway wants nothing to be told to a page whose name was made to lead here:
// on loopback everybody is an administrator.
func (i *instance) turnsAway(host string) {
	i.t.Helper()
	for _, path := range []string{"/", "/system", "/healthz"} {
		ask, err := http.NewRequestWithContext(i.t.Context(), http.MethodGet, i.base+path, nil)
		if err != nil {
			i.t.Fatal(err)
		}
		ask.Host = host
		answer, err := i.http.Do(ask)
		if err != nil {
			i.t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusMisdirectedRequest {
			i.t.Errorf("%s by the name of %s: %s", path, host, answer.Status)
		}
	}
}

// stop sends the signal and waits for the process to end.
func (i *instance) stop(signal os.Signal) {
	i.t.Helper()
	if err := i.cmd.Process.Signal(signal); err != nil {
		i.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- i.cmd.Wait() }()
	ctx, cancel := context.WithTimeout(i.t.Context(), 15*time.Second)
	defer cancel()
	select {
	case err := <-ended:
		if err != nil && signal != syscall.SIGKILL {
			i.t.Fatalf("after %v the app ended with %v", signal, err)
		}
	case <-ctx.Done():
		i.t.Fatalf("the app did not end after %v", signal)
	}
}
