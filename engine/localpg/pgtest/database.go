package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	copyPrefix     = "test_"
	templatePrefix = "template_"
)

// Template is a database that is built once and copied for each test.
type Template struct {
	// Name identifies what Build makes, across packages, runs and checkouts: it must contain a hash of everything that
	// Build depends on (such as the text of the migrations), for example "engine-5f2c9a". Empty means an empty database.
	Name string
	// Build fills the empty database at the URL. It must close its connections. It is called by one process at a time,
	// and again when it failed. Required with a Name.
	Build func(ctx context.Context, url string) error
}

// Validate reports every fault of the template, joined.
func (t Template) Validate() error {
	if (t.Name == "") != (t.Build == nil) {
		return errors.New("pgtest: a Template has both a Name and a Build, or neither")
	}
	return nil
}

// Database makes a fresh database from the template for this test, in the shared cluster, drops it at the test's end
// and returns its URL. What the calling goroutine starts afterwards has to have ended by then, and every session with
// the database closed: else the test fails. It is safe in parallel tests. The server does not survive power cuts: tests of durability use
// [Private].
func Database(tb testing.TB, template Template) string {
	tb.Helper()
	if err := template.Validate(); err != nil {
		tb.Fatal(err)
	}
	server := Server(tb)
	admin, name := server.URL(""), shared.databaseName()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := create(ctx, admin, name, template); err != nil {
		tb.Fatalf("pgtest: make a database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := drop(ctx, admin, name); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	watchGoroutines(tb)
	watchSessions(tb, admin, name)
	return server.URL(name)
}

// database is the name that the template has in the cluster; names there are at most 63 bytes long.
func (t Template) database() string {
	sum := sha256.Sum256([]byte(t.Name))
	return templatePrefix + hex.EncodeToString(sum[:12])
}

// create copies the template, which it builds first when it is missing. The template's lock, shared, keeps others from
// sweeping it away meanwhile; it ends with the session.
func create(ctx context.Context, admin, name string, template Template) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	source := "template1"
	if template.Name != "" {
		source = template.database()
		if err := ensureTemplate(ctx, conn, admin, template); err != nil {
			return fmt.Errorf("template %q: %w", template.Name, err)
		}
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(source))
	if err != nil {
		return fmt.Errorf("copy the template %q: %w", template.Name, err)
	}
	return nil
}

// ensureTemplate returns with the template built and its lock held shared by the session.
func ensureTemplate(ctx context.Context, conn *pgx.Conn, admin string, template Template) error {
	name := template.database()
	for {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock_shared(hashtextextended($1, 0))", name); err != nil {
			return fmt.Errorf("lock it: %w", err)
		}
		ready, err := isBuilt(ctx, conn, name)
		if err != nil {
			return err
		}
		if ready {
			touch(ctx, conn, name)
			return nil
		}
		// A shared lock cannot be raised without a deadlock between two who try: give it up, and look again afterwards.
		_, err = conn.Exec(ctx, "SELECT pg_advisory_unlock_shared(hashtextextended($1, 0))", name)
		if err != nil {
			return fmt.Errorf("unlock it: %w", err)
		}
		if err := buildOnce(ctx, conn, admin, template); err != nil {
			return err
		}
	}
}

// buildOnce builds the template under its exclusive lock, unless somebody did while this process waited for the lock.
func buildOnce(ctx context.Context, conn *pgx.Conn, admin string, template Template) (err error) {
	name := template.database()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return fmt.Errorf("lock it: %w", err)
	}
	defer func() {
		_, unlockErr := conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)
		err = errors.Join(err, unlockErr)
	}()
	if ready, err := isBuilt(ctx, conn, name); err != nil || ready {
		return err
	}
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + quoted(name) + " WITH (FORCE)", // a build that was interrupted
		"CREATE DATABASE " + quoted(name),
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare it: %w", err)
		}
	}
	target, err := withDatabase(admin, name)
	if err != nil {
		return err
	}
	if err := template.Build(ctx, target); err != nil {
		return fmt.Errorf("build it: %w", err)
	}
	// is_template is set last and is what isBuilt looks at; a database that nobody can connect to can always be copied.
	_, err = conn.Exec(ctx, "ALTER DATABASE "+quoted(name)+" WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
	if err != nil {
		return fmt.Errorf("seal it: %w", err)
	}
	return nil
}

// isBuilt reports whether the template exists and its build was completed.
func isBuilt(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	var built bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&built)
	if err != nil {
		return false, fmt.Errorf("look for it: %w", err)
	}
	return built, nil
}

// drop removes a database and disconnects whoever uses it.
func drop(ctx context.Context, admin, name string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("connect to drop %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop %s: %w", name, err)
	}
	return nil
}

// withDatabase replaces the database in a connection string.
func withDatabase(admin, name string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil {
		return "", fmt.Errorf("parse the server's address: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// quoted makes an identifier safe in a statement.
func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
