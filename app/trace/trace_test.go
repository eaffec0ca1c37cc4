package trace

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/app/web"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/generated/todos"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 30 * time.Second

// traced is the app on a real database, with its spans kept in memory.
type traced struct {
	t      *testing.T
	spans  *tracetest.InMemoryExporter
	url    string
	client *http.Client
}

func start(t *testing.T) traced {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	export := newExport(sdk.WithSyncer(spans))
	system := &engine.System{}
	todos.Register(system, expander.Expander{}, apptodos.List{}, apptodos.ListName{}, apptodos.Listings{}, slack.Dispatcher{})
	log := slog.New(slog.DiscardHandler)
	eng, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t, pgtest.Template{}), System: system, Log: log, Tracer: export.Tracer()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(eng.Close)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	handler, err := web.New(web.Config{Client: eng, System: system, Secret: []byte("a secret for tests"), Log: log, Tracer: export.Tracer(), Wrap: export.Inbound})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(handler.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := traced{t: t, spans: spans, url: server.URL, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	a.post("/login", url.Values{"username": {"Secret Person"}})
	return a
}

func (a traced) do(ctx context.Context, method, path, body string, header ...string) *http.Response {
	a.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := a.client.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	return res
}

func (a traced) post(path string, form url.Values, header ...string) string {
	a.t.Helper()
	res := a.do(a.t.Context(), http.MethodPost, path, form.Encode(), header...)
	defer res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		a.t.Fatalf("POST %s: %s", path, res.Status)
	}
	return res.Header.Get("Location")
}

// follow opens the page in a tab, and returns when the tab shows it.
func (a traced) follow(page string) {
	a.t.Helper()
	ctx, cancel := context.WithCancel(a.t.Context())
	res := a.do(ctx, http.MethodGet, "/updates?page="+url.QueryEscape(page), "")
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines.Scan() {
		}
	}()
	a.t.Cleanup(func() { cancel(); <-ended; res.Body.Close() })
}

// await waits until spans of these names are there, and gives the last of each.
func (a traced) await(names ...string) map[string]tracetest.SpanStub {
	a.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		found := map[string]tracetest.SpanStub{}
		for _, s := range a.spans.GetSpans() {
			found[s.Name] = s
		}
		missing := ""
		for _, name := range names {
			if _, ok := found[name]; !ok {
				missing = name
			}
		}
		if missing == "" {
			return found
		}
		select {
		case <-tick.C:
		case <-deadline:
			a.t.Fatalf("no span %q; there are %v", missing, found)
		}
	}
}

func TestOneTraceFromPostToPatch(t *testing.T) {
	t.Parallel()
	a := start(t)
	page := a.post("/commands/todos.list.create", url.Values{"name": {"Secret name"}})
	a.follow(page)
	a.await("project todos.listings", "store todos.list.created")
	a.spans.Reset()
	const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	a.post("/commands/todos.list.add_item", url.Values{"stream_id": {strings.TrimPrefix(page, "/todo-lists/")}, "text": {"Secret text"}}, "traceparent", caller)
	const item = "todos.list.add_item"
	way := []struct{ name, parent string }{
		{"request " + item, ""}, {"submit " + item, "request " + item}, {"decide " + item, "submit " + item},
		{"store todos.list.item_added", "decide " + item}, {"project todos.listings", "store todos.list.item_added"},
		{"patch todos.list.item_added", "store todos.list.item_added"},
	}
	var names []string
	for _, w := range way {
		names = append(names, w.name)
	}
	spans := a.await(names...)
	id := spans[way[0].name].SpanContext.TraceID()
	for _, w := range way {
		s := spans[w.name]
		if s.SpanContext.TraceID() != id || !id.IsValid() {
			t.Errorf("%s is in trace %s, want %s", w.name, s.SpanContext.TraceID(), id)
		}
		if want := spans[w.parent].SpanContext.SpanID(); s.Parent.SpanID() != want {
			t.Errorf("the parent of %s is %s, want %s (%s)", w.name, s.Parent.SpanID(), want, w.parent)
		}
		if s.EndTime.Before(s.StartTime) || s.StartTime.IsZero() {
			t.Errorf("%s took from %s to %s", w.name, s.StartTime, s.EndTime)
		}
	}
	if links := spans[way[0].name].Links; len(links) != 1 || links[0].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the request links to %v", links)
	}
	for _, s := range a.spans.GetSpans() {
		for _, attribute := range s.Attributes {
			if strings.Contains(attribute.Value.String(), "Secret") {
				t.Errorf("%s tells %s", s.Name, attribute.Value.String())
			}
		}
	}
}

func TestARefusalIsNoError(t *testing.T) {
	t.Parallel()
	s := engine.Step{Kind: engine.StepDecide, Status: engine.Refused}
	if failed(s) {
		t.Error("a refusal is an outcome")
	}
	for _, status := range []engine.Status{"", engine.Failed} {
		if s.Status = status; !failed(s) {
			t.Errorf("status %q is an error", status)
		}
	}
}

func TestNothingIsExportedUnlessAsked(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	e, err := FromEnvironment(t.Context())
	if err != nil || e != nil || e.Tracer() != nil || e.Close(t.Context()) != nil {
		t.Errorf("%v %v", e, err)
	}
}

func TestExport_ByOTLP(t *testing.T) {
	arrived := make(chan string, 16)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.URL.Path }))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	e, err := FromEnvironment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.Tracer().Trace(t.Context(), engine.Step{Kind: engine.StepSubmit, Type: "todos.list.create", Correlation: [16]byte{1}, Message: [16]byte{1}, Start: time.Now(), End: time.Now()})
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case path := <-arrived:
		if path != "/v1/traces" {
			t.Errorf("sent to %s", path)
		}
	default:
		t.Error("nothing arrived")
	}
}

func TestSampler_DecidesByTheTraceAlone(t *testing.T) {
	for _, bad := range [][2]string{{"traceidratio", "2"}, {"traceidratio", "NaN"}, {"traceidratio", ""}, {"jaeger_remote", ""}} {
		if _, err := samplerOf(bad[0], bad[1]); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
	s, err := samplerOf("parentbased_traceidratio", "0.5")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for i := range 256 {
		id := trace.TraceID{8: byte(i)}
		sampled := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true}))
		one := s.ShouldSample(sdk.SamplingParameters{ParentContext: t.Context(), TraceID: id}).Decision
		if two := s.ShouldSample(sdk.SamplingParameters{ParentContext: sampled, TraceID: id}).Decision; one != two {
			t.Fatalf("trace %d is kept by some: %v %v", i, one, two)
		}
		if one == sdk.RecordAndSample {
			kept++
		}
	}
	if kept < 64 || kept > 192 {
		t.Errorf("half of the traces are %d of 256", kept)
	}
}
