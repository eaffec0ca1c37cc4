package web

import (
	"context"
	"os"
	"os/exec"
	"runtime/pprof"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// findChromium gives the browser's path. Where there is none, browser tests are
// skipped, but not under CI.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const message = "no Chromium found: install chromium to run the browser tests"
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// startBrowser gives the browser that all tests share, and lets the test run beside
// others: people have browser contexts of their own, so that tests see nothing of
// each other. Call it first.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := findChromium(t)
	chromium.join()
	t.Cleanup(chromium.leave)
	t.Parallel()
	ctx, err := chromium.start(path)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// sharedBrowser runs from its first user's start to its last one's end. Tests that
// run in parallel join before they wait for their turn, so it ends once.
type sharedBrowser struct {
	mu    sync.Mutex
	users int
	ctx   context.Context //nolint:containedctx // chromedp's handle of a browser
	stop  func()
	err   error
}

// chromium is that browser.
var chromium sharedBrowser

func (b *sharedBrowser) join() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users++
}

func (b *sharedBrowser) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users == 0 && b.stop != nil {
		b.stop()
		b.ctx, b.stop, b.err = nil, nil, nil
	}
}

func (b *sharedBrowser) start(path string) (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx == nil {
		started := make(chan struct{})
		go func() { // without a test's labels: what it starts is no leak of that test
			defer close(started)
			pprof.SetGoroutineLabels(context.Background())
			b.ctx, b.stop, b.err = launch(path)
		}()
		<-started
	}
	return b.ctx, b.err
}

// launch starts a browser, until stop is called.
func launch(path string) (ctx context.Context, stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter"))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	return ctx, func() { stopBrowser(); stopAllocator() }, chromedp.Do(ctx)
}
