package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// composed is what of docker-compose.yml the tests look at.
type composed struct {
	Services map[string]struct {
		Build       string
		Image       string
		Command     []string
		Environment map[string]string
		Ports       []string
		Volumes     []string
		Healthcheck struct{ Test []string }
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		Restart     string
		ReadOnly    bool     `yaml:"read_only"`
		SecurityOpt []string `yaml:"security_opt"`
		CapDrop     []string `yaml:"cap_drop"`
	}
	Volumes map[string]any
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCompose: what `docker compose up` starts can work, as far as that can be
// seen without Docker.
func TestCompose(t *testing.T) {
	var compose composed
	if err := yaml.Unmarshal([]byte(readFile(t, "../docker-compose.yml")), &compose); err != nil {
		t.Fatal(err)
	}
	db := compose.Services["db"]
	if len(compose.Services) != 3 || len(db.Healthcheck.Test) == 0 || regexp.MustCompile(`:\d+(\.\d+)?`).FindString(db.Image) == "" || db.Restart == "" {
		t.Errorf("services %v; the database has %+v", compose.Services, db)
	}
	data, _, _ := strings.Cut(strings.Join(db.Volumes, ""), ":")
	if _, ok := compose.Volumes[data]; !ok || !strings.HasSuffix(db.Volumes[0], ":/var/lib/postgresql/data") {
		t.Errorf("the data is kept in %v of %v", db.Volumes, compose.Volumes)
	}
	var roles []string
	for name, service := range compose.Services {
		if name == "db" {
			continue
		}
		if service.Build != "." || service.DependsOn["db"].Condition != "service_healthy" || service.Restart == "" || !service.ReadOnly ||
			!slices.Contains(service.CapDrop, "ALL") || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: %+v", name, service)
		}
		cfg := startedAs(t, service.Command, service.Environment)
		for _, role := range cfg.roles {
			roles = append(roles, string(role))
		}
		if want := "postgres://" + db.Environment["POSTGRES_USER"] + ":" + db.Environment["POSTGRES_PASSWORD"] + "@db:5432/" + db.Environment["POSTGRES_DB"]; !strings.HasPrefix(cfg.databaseURL, want) {
			t.Errorf("%s uses %s, the database is %s", name, cfg.databaseURL, want)
		}
		if len(service.Ports) > 0 != (name == "web") {
			t.Errorf("%s publishes %v", name, service.Ports)
		}
	}
	slices.Sort(roles)
	if strings.Join(roles, " ") != "web worker" || compose.Services["web"].Ports[0] != "127.0.0.1:9292:9292" {
		t.Errorf("the services are %v, published %v", roles, compose.Services["web"].Ports)
	}
}

// startedAs reads a command line and an environment as the app does in its
// image. Every name that is set must be one that the app asks for.
func startedAs(t *testing.T, args []string, environment map[string]string) config {
	t.Helper()
	root := command()
	found, rest, err := root.Find(args)
	if err != nil || found.Name() != "serve" {
		t.Fatalf("%v: %v", args, err)
	}
	if err := found.ParseFlags(rest); err != nil {
		t.Fatal(err)
	}
	roles, err := found.Flags().GetString("role")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	cfg, err := loadConfig(flags{roles: roles, logFormat: "text"}, func(name string) (string, bool) {
		asked[name] = true
		if name == "PORT" {
			return "9292", true // the image's
		}
		value, ok := environment[name]
		return regexp.MustCompile(`\$\{\w+:-(.*)\}`).ReplaceAllString(value, "$1"), ok // as where nothing is set
	}, "no .env in the image")
	if err != nil {
		t.Fatal(err)
	}
	for name := range environment {
		if !asked[name] {
			t.Errorf("%s is set, and the app does not know it", name)
		}
	}
	if !strings.HasPrefix(cfg.addr, ":") && !strings.HasPrefix(cfg.addr, "0.0.0.0:") && !strings.HasPrefix(cfg.addr, "[::]:") {
		t.Errorf("in a container it listens on %s", cfg.addr)
	}
	return cfg
}

// TestDockerfile: a pinned compiler of the module's version, a small image, a user
// who owns nothing, a probe that the app has.
func TestDockerfile(t *testing.T) {
	text := readFile(t, "../Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\S+)`).FindStringSubmatch(readFile(t, "../go.mod"))[1]
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1)
	if len(stages) != 2 || !strings.HasPrefix(stages[0][1], "golang:"+version+"-") || !strings.HasSuffix(stages[1][1], ":nonroot") || !strings.Contains(stages[1][1], "static") {
		t.Errorf("stages %v, with go %s", stages, version)
	}
	for _, line := range []string{`(?m)^ENV PORT=9292$`, `(?m)^EXPOSE 9292$`, `(?m)^ENTRYPOINT \["app"\]$`, `CGO_ENABLED=0 go build`} {
		if !regexp.MustCompile(line).MatchString(text) {
			t.Errorf("the Dockerfile has no %s", line)
		}
	}
	probe := regexp.MustCompile(`HEALTHCHECK .* CMD \["app", "(\w+)"\]`).FindStringSubmatch(text)
	if found, _, err := command().Find(probe[1:]); err != nil || found.Name() != "probe" {
		t.Errorf("its health is asked by %v: %v", probe, err)
	}
	if regexp.MustCompile(`(?i)(secret|password|api_key)=`).MatchString(text) {
		t.Error("a secret in the image")
	}
}

// TestEnvExampleIsWhole: it names everything that the app asks for, and nothing else.
func TestEnvExampleIsWhole(t *testing.T) {
	asked := map[string]bool{}
	if _, err := loadConfig(flags{roles: "web", logFormat: "text"}, func(name string) (string, bool) { asked[name] = true; return "", true }, "none"); err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(readFile(t, "../env.example"), -1) {
		if !asked[found[1]] {
			t.Errorf("env.example names %s, which the app does not ask for", found[1])
		}
		delete(asked, found[1])
	}
	for name := range asked {
		t.Errorf("env.example lacks %s", name)
	}
}
