package callout

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// post calls a service that answers in this way.
func post(ctx context.Context, t *testing.T, client *http.Client, answer http.HandlerFunc) ([]byte, error) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // before Close, which waits for the handlers
	return Call{Client: client, URL: server.URL + "/secret", Key: "k", Bearer: "b", Body: map[string]string{"text": "private"}}.Post(ctx)
}

func TestWhatIsSent(t *testing.T) {
	answer, err := post(t.Context(), t, nil, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), string(body)}, " "))
	})
	if want := `POST /secret application/json k Bearer b {"text":"private"}`; err != nil || string(answer) != want {
		t.Errorf("sent %q, %v, want %q", answer, err, want)
	}
}

// hang answers never. A server sees that its client went away once it has read the request.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// TestASlowAnswerIsAwaited: it comes when the test saw that it is waited for.
func TestASlowAnswerIsAwaited(t *testing.T) {
	asked, go_ := make(chan struct{}), make(chan struct{})
	go func() { <-asked; close(go_) }()
	answer, err := post(t.Context(), t, nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half ")
		w.(http.Flusher).Flush()
		close(asked)
		<-go_
		_, _ = io.WriteString(w, "and half")
	})
	if err != nil || string(answer) != "half and half" {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestFailures(t *testing.T) {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "private answer")
		}
	}
	for name, c := range map[string]struct {
		client *http.Client
		answer http.HandlerFunc
		want   string
		after  time.Duration
	}{
		"busy, with seconds":   {nil, status(429, "Retry-After", "7"), "429 Too Many Requests, retry after 7s", 7 * time.Second},
		"busy, without":        {nil, status(429), "429 Too Many Requests", 0},
		"busy, with nonsense":  {nil, status(429, "Retry-After", "soon"), "429 Too Many Requests", 0},
		"busy, since long ago": {nil, status(503, "Retry-After", "Fri, 02 Jan 2026 15:04:05 GMT"), "503 Service Unavailable", 0},
		"broken":               {nil, status(500), "500 Internal Server Error", 0},
		"moved elsewhere":      {nil, status(302, "Location", "/login"), "302 Found", 0},
		"moved, with its body": {nil, status(307, "Location", "/elsewhere"), "307 Temporary Redirect", 0},
		"hangs up":             {nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "was not reached", 0},
		"breaks off": {nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "x")
		}, "broke off", 0},
		"takes too long": {&http.Client{Timeout: 20 * time.Millisecond}, hang, "was not reached", 0},
		"answers without an end": {nil, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, "longer than 1048576 bytes", 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := post(t.Context(), t, c.client, c.answer)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "private") {
				t.Fatalf("got %v, want %q and nobody's words", err, c.want)
			}
			if answered, ok := errors.AsType[*StatusError](err); ok && answered.RetryAfter() != c.after || !ok && c.after != 0 {
				t.Errorf("%v is to be tried again in %s, want %s", err, answered.RetryAfter(), c.after)
			}
		})
	}
}

// TestWhoIsStoppedDoesNotWait: a process that ends gives its calls up.
func TestWhoIsStoppedDoesNotWait(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	_, err := post(ctx, t, nil, func(w http.ResponseWriter, r *http.Request) { stop(); hang(w, r) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfterIsADateToo(t *testing.T) {
	now := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "0": 0, "": 0, "-3": 0, "1.5": 0, "99999999999": 0,
		"Fri, 02 Jan 2026 15:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 15:03:05 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
