package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/joho/godotenv"

	"github.com/backstory-go/backstory/engine/postgres"
)

// flags are what the command line gives; empty means not given.
type flags struct {
	addr      string
	logFormat string
	roles     string
	retention string // of outcomes
}

// config is what the app runs with: flags before environment before .env.
type config struct {
	addr          string // host:port
	siteURL       string // where people open the app, for links in messages; empty: localhost
	databaseURL   string // empty: the private cluster
	directURL     string // for LISTEN; empty: databaseURL
	ownerURL      string // of the role that migrates and archives; empty: databaseURL
	sessionSecret string // empty: made once, kept in the database
	logFormat     string // text or json
	roles         []postgres.Role
	retention     time.Duration // of outcomes; 0: for ever
	dataDir       string        // of the private cluster
	admins        []string      // who may see the System page; empty: everyone when addr is on loopback
	allowedHosts  []string      // further names that requests may be addressed to; see hosts
	slackWebhook  string        // empty: nothing is announced
	openAI        openAI
}

// idle are the services outside that nothing is configured for.
func (c config) idle() (names []string) {
	if c.openAI.key == "" {
		names = append(names, "openai")
	}
	if c.slackWebhook == "" {
		names = append(names, "slack")
	}
	return names
}

// openAI is an OpenAI-compatible API.
type openAI struct {
	key     string // empty: nothing is expanded
	baseURL string
	model   string
}

// setting is an environment variable.
type setting struct{ name, value string }

// Validate joins everything that is wrong with the configuration.
func (c config) Validate() error {
	var faults []error
	if _, port, err := net.SplitHostPort(c.addr); err != nil {
		faults = append(faults, fmt.Errorf("--addr %q: want host:port, for example 127.0.0.1:9292", c.addr))
	} else if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		faults = append(faults, fmt.Errorf("port %q: want a number from 0 to 65535", port))
	}
	if c.logFormat != "text" && c.logFormat != "json" {
		faults = append(faults, fmt.Errorf("--log-format %q: want text or json", c.logFormat))
	}
	for _, role := range c.roles {
		if role != postgres.RoleWeb && role != postgres.RoleWorker {
			faults = append(faults, fmt.Errorf("--role %q: want web, worker or both, separated by a comma", role))
		}
	}
	if c.sessionSecret != "" && len(c.sessionSecret) < 16 {
		faults = append(faults, errors.New("SESSION_SECRET: want at least 16 characters"))
	}
	for _, s := range []setting{{"PUBLIC_URL", c.siteURL}, {"SLACK_WEBHOOK_URL", c.slackWebhook}, {"OPENAI_BASE_URL", c.openAI.baseURL}} {
		if u, err := url.Parse(s.value); err != nil || s.value != "" && u.Scheme != "http" && u.Scheme != "https" {
			faults = append(faults, fmt.Errorf("%s: want an address that begins with https:// or http://", s.name)) // it may be a secret
		}
	}
	for _, s := range []setting{{"DATABASE_URL", c.databaseURL}, {"DATABASE_DIRECT_URL", c.directURL}, {"DATABASE_OWNER_URL", c.ownerURL}} {
		if _, err := pgx.ParseConfig(s.value); err != nil { // not shown: it may hold a password
			faults = append(faults, fmt.Errorf("%s: want an address such as postgres://user:password@host:5432/database", s.name))
		}
	}
	return errors.Join(faults...)
}

// loadConfig puts flags, environment and the .env file together.
func loadConfig(f flags, environment func(string) (string, bool), dotenv string) (config, error) {
	file, err := godotenv.Read(dotenv)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return config{}, fmt.Errorf("read %s: %w", dotenv, err)
	}
	get := func(name string) string {
		if v, ok := environment(name); ok {
			return v
		}
		return file[name]
	}
	cfg := config{
		addr:          address(f.addr, get("PORT")),
		siteURL:       strings.TrimRight(get("PUBLIC_URL"), "/"),
		databaseURL:   get("DATABASE_URL"),
		directURL:     get("DATABASE_DIRECT_URL"),
		ownerURL:      get("DATABASE_OWNER_URL"),
		sessionSecret: get("SESSION_SECRET"),
		logFormat:     f.logFormat,
		roles:         roles(f.roles),
		dataDir:       ".data",
		admins:        names(get("ADMIN_USERS")),
		allowedHosts:  names(get("ALLOWED_HOSTS")),
		slackWebhook:  get("SLACK_WEBHOOK_URL"),
		openAI: openAI{
			key:     get("OPENAI_API_KEY"),
			baseURL: cmp.Or(get("OPENAI_BASE_URL"), "https://api.openai.com/v1"),
			model:   cmp.Or(get("OPENAI_MODEL"), "gpt-4o-mini"),
		},
	}
	if text := cmp.Or(f.retention, get("OUTCOME_RETENTION")); text != "" {
		if cfg.retention, err = time.ParseDuration(text); err != nil || cfg.retention <= 0 {
			return cfg, fmt.Errorf("--outcome-retention %q: want a duration, for example 720h", text)
		}
	}
	return cfg, cfg.Validate()
}

func roles(list string) []postgres.Role {
	var roles []postgres.Role
	for name := range strings.SplitSeq(list, ",") {
		roles = append(roles, postgres.Role(strings.TrimSpace(name)))
	}
	return roles
}

// names splits a list at its commas.
func names(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// links is the address that links to the app begin with.
func (c config) links() string { return cmp.Or(c.siteURL, localURL(c.addr)) }

// admin says who may see the System page.
func (c config) admin(user string) bool {
	if len(c.admins) > 0 {
		return slices.Contains(c.admins, user)
	}
	_, loopback := c.loopback()
	return loopback
}

// loopback is the host that the server listens on, and whether only programs of
// this machine reach it there.
func (c config) loopback() (host string, ok bool) {
	host, _, _ = net.SplitHostPort(c.addr)
	ip := net.ParseIP(host)
	return host, host == "localhost" || ip != nil && ip.IsLoopback()
}

// hosts are the names that requests may be addressed to; nil: any. A server on
// loopback trusts whoever reaches it, so a page from elsewhere whose name was made
// to lead to this machine (DNS rebinding) may not.
func (c config) hosts() []string {
	host, loopback := c.loopback()
	if !loopback && len(c.allowedHosts) == 0 {
		return nil
	}
	own := []string{"localhost", "127.0.0.1", "::1"} // also what asks for its health
	if loopback {
		own = append(own, host)
	}
	return append(own, c.allowedHosts...)
}

func address(flag, port string) string {
	switch {
	case flag != "":
		return flag
	case port != "":
		return ":" + port
	default:
		return "127.0.0.1:9292"
	}
}

// logger writes the app's own messages, never payloads.
func (c config) logger(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if c.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
