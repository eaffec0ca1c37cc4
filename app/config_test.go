package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestConfigSources(t *testing.T) {
	dotenv := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(dotenv, []byte("PORT=1111\nDATABASE_URL=postgres://file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name     string
		flags    flags
		env      map[string]string
		dotenv   string
		addr     string
		database string
	}{
		{"nothing set: loopback and a private cluster", flags{}, nil, "/nowhere", "127.0.0.1:9292", ""},
		{"the file", flags{}, nil, dotenv, ":1111", "postgres://file"},
		{"environment before file", flags{}, map[string]string{"PORT": "2222"}, dotenv, ":2222", "postgres://file"},
		{"an empty variable is set", flags{}, map[string]string{"DATABASE_URL": ""}, dotenv, ":1111", ""},
		{"flag before environment", flags{addr: "127.0.0.1:3333"}, map[string]string{"PORT": "2222"}, dotenv, "127.0.0.1:3333", "postgres://file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.flags.logFormat, c.flags.roles = "text", "web,worker"
			cfg, err := loadConfig(c.flags, func(k string) (string, bool) { v, ok := c.env[k]; return v, ok }, c.dotenv)
			if err != nil {
				t.Fatal(err)
			}
			if cfg.addr != c.addr || cfg.databaseURL != c.database {
				t.Errorf("addr %q, database %q; want %q, %q", cfg.addr, cfg.databaseURL, c.addr, c.database)
			}
		})
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	_, err := loadConfig(flags{addr: "nonsense", logFormat: "xml", roles: "web,cook"},
		func(k string) (string, bool) { return map[string]string{"SESSION_SECRET": "short"}[k], true }, "/nowhere")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"--addr", "--log-format", "--role", "SESSION_SECRET"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}

// TestHostsOfLoopback: whoever may do everything because they come from this
// machine comes by one of its names.
func TestHostsOfLoopback(t *testing.T) {
	own := []string{"localhost", "127.0.0.1", "::1"}
	for _, c := range []struct {
		name    string
		addr    string
		allowed string
		want    []string
	}{
		{"loopback", "127.0.0.1:9292", "", append(own, "127.0.0.1")},
		{"another loopback", "127.0.0.9:0", "", append(own, "127.0.0.9")},
		{"by name", "localhost:1", "todos.example, b", append(own, "localhost", "todos.example", "b")},
		{"everywhere", ":9292", "", nil},
		{"everywhere, by one name", "0.0.0.0:1", "todos.example", append(own, "todos.example")},
	} {
		cfg, err := loadConfig(flags{addr: c.addr, logFormat: "text", roles: "web"},
			func(k string) (string, bool) { return map[string]string{"ALLOWED_HOSTS": c.allowed}[k], true }, "/nowhere")
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.hosts(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLinksLeadToWherePeopleOpenTheApp(t *testing.T) {
	for set, want := range map[string]string{
		"":                       "http://localhost:9292",
		"https://todos.example/": "https://todos.example",
		"todos.example":          "",
	} {
		cfg, err := loadConfig(flags{addr: "0.0.0.0:9292", logFormat: "text", roles: "web"},
			func(k string) (string, bool) { return map[string]string{"PUBLIC_URL": set}[k], true }, "/nowhere")
		if (err == nil) != (want != "") {
			t.Errorf("PUBLIC_URL %q: %v", set, err)
		}
		if err == nil && cfg.links() != want {
			t.Errorf("PUBLIC_URL %q: links begin with %s, want %s", set, cfg.links(), want)
		}
	}
}

// TestAdministrators are those who are named, else whoever is on this machine.
func TestAdministrators(t *testing.T) {
	for _, c := range []struct {
		name, addr, admins string
		ada, bob           bool
	}{
		{"loopback, nobody named", "127.0.0.1:9292", "", true, true},
		{"loopback, by name", "localhost:9292", "", true, true},
		{"loopback, some named", "127.0.0.1:9292", "Ada, Cleo", true, false},
		{"everywhere, nobody named", ":9292", "", false, false},
		{"everywhere, nobody but spaces", "0.0.0.0:9292", " , ", false, false},
		{"everywhere, some named", ":9292", "Ada", true, false},
		{"names are told apart by case", ":9292", "ada", false, false},
	} {
		cfg, err := loadConfig(flags{addr: c.addr, logFormat: "text", roles: "web"},
			func(k string) (string, bool) { return map[string]string{"ADMIN_USERS": c.admins}[k], true }, "/nowhere")
		if err != nil {
			t.Fatal(err)
		}
		if ada, bob := cfg.admin("Ada"), cfg.admin("Bob"); ada != c.ada || bob != c.bob {
			t.Errorf("%s: Ada %t, Bob %t", c.name, ada, bob)
		}
	}
}
