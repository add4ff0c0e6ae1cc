// Package storetest runs tests on every kind of database that a store can be
// kept in, and holds the conformance suite of core.State.
//
// A package that uses it starts PostgreSQL once:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/switchhook/switchhook/internal/store"
)

const (
	// Variable of the environment holds the URL of a PostgreSQL server on which
	// databases can be made. Run sets it; where it is set already, that server
	// is used: a test's own processes inherit it.
	Variable = "SWITCHHOOK_TEST_POSTGRES"

	// Password is in the URLs of all databases, for tests to look for where it
	// must not be.
	Password = "open-sesame"

	// patience bounds what the harness asks of PostgreSQL; the developer waits.
	patience = 30 * time.Second
)

// Run runs the tests of a package with a PostgreSQL server, and returns what
// the program is to exit with. The server is stopped at the end, also where the
// tests are killed.
func Run(m *testing.M) int {
	if os.Getenv(Variable) != "" {
		return m.Run()
	}
	s, err := start()
	if err == nil {
		err = os.Setenv(Variable, s.url)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := s.stop(); err != nil {
		fmt.Fprintf(os.Stderr, "stop PostgreSQL: %v\n%s", err, s.problem)
		return 1
	}
	return code
}

// Each runs body as a subtest on SQLite and on PostgreSQL. Each call of open
// opens a new, empty database, which is closed when its test ends.
func Each(t *testing.T, body func(t *testing.T, open func(t testing.TB) *store.Store)) {
	t.Helper()
	EachConfig(t, func(t *testing.T, fresh func(t testing.TB) store.Config) {
		body(t, func(t testing.TB) *store.Store {
			t.Helper()
			return Open(t, fresh(t))
		})
	})
}

// EachConfig is Each for tests that open one database several times, or not as
// it should be: fresh returns how a server opens a database that is new.
func EachConfig(t *testing.T, body func(t *testing.T, fresh func(t testing.TB) store.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { body(t, SQLite) })
	t.Run("postgres", func(t *testing.T) { body(t, Postgres) })
}

// SQLite returns how a server opens a new database of its own.
func SQLite(t testing.TB) store.Config {
	t.Helper()
	return store.Config{Folder: t.TempDir(), Exclusive: true}
}

// Postgres makes a database, and returns how a server opens it. It is removed
// when the test ends.
func Postgres(t testing.TB) store.Config {
	t.Helper()
	at, err := url.Parse(os.Getenv(Variable))
	if err != nil || at.Scheme == "" {
		t.Fatalf("there is no PostgreSQL: the package needs func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }")
	}
	name := "test_" + strings.ToLower(rand.Text())
	run(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	at.Path = "/" + name
	return store.Config{URL: at.String(), Folder: t.TempDir(), Exclusive: true}
}

// Open opens a database and closes it when the test ends.
func Open(t testing.TB, config store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run runs a statement on the server.
func run(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, os.Getenv(Variable))
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(ctx, statement)
	if closing := conn.Close(ctx); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
}
