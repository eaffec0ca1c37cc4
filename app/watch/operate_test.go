package watch

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// served are the names that /metrics shows, those of a histogram's series as well.
func served(t *testing.T) []string {
	t.Helper()
	_, body := get(t, busy(), "/metrics")
	var names []string
	for line := range strings.Lines(body) {
		if name, _, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") {
			name, _, _ = strings.Cut(name, "{")
			names = append(names, name)
		}
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/operate/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var metric = regexp.MustCompile(`backstory_[a-z_]+`)

// unserved are the metrics that a text names and nobody serves.
func unserved(t *testing.T, text string) (none []string) {
	names := served(t)
	for _, name := range metric.FindAllString(text, -1) {
		if !slices.Contains(names, name) && !slices.Contains(names, name+"_count") {
			none = append(none, name)
		}
	}
	return none
}

func TestAlerts_NameMetricsThatThereAre(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Labels           map[string]string
				Annotations      map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(read(t, "alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Groups) != 1 || len(file.Groups[0].Rules) < 8 {
		t.Fatalf("%+v", file)
	}
	for _, r := range file.Groups[0].Rules {
		if r.Alert == "" || r.For == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%+v", r)
		}
		if !metric.MatchString(r.Expr) {
			t.Errorf("%s looks at nothing: %s", r.Alert, r.Expr)
		}
		for _, name := range unserved(t, r.Expr) {
			t.Errorf("%s: there is no metric %s", r.Alert, name)
		}
	}
}

func TestDashboard_ShowsMetricsThatThereAre(t *testing.T) {
	var board struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text := read(t, "grafana.json")
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	shown := metric.FindAllString(string(text), -1)
	for _, p := range board.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			for _, name := range unserved(t, target.Expr) {
				t.Errorf("%s: there is no metric %s", p.Title, name)
			}
		}
	}
	for _, d := range described { // and every one is shown, and explained
		if name := "backstory_" + d.name; !slices.ContainsFunc(shown, func(s string) bool { return strings.HasPrefix(s, name) }) && d.name != "consumer_running" {
			t.Errorf("no panel shows %s", name)
		}
	}
	for _, d := range described {
		if !strings.Contains(string(read(t, "README.md")), "backstory_"+d.name) {
			t.Errorf("README.md does not explain backstory_%s", d.name)
		}
	}
}

func TestAMetricThatNobodyServesIsFound(t *testing.T) {
	if none := unserved(t, "rate(backstory_no_such_total[5m]) + backstory_head_position"); len(none) != 1 || none[0] != "backstory_no_such_total" {
		t.Errorf("%q", none)
	}
}
