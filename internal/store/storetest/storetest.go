// Package storetest runs tests on every kind of database that a store supports,
// and holds the conformance suite of core.State.
//
// A package that uses it starts PostgreSQL once:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
//
// With -short there is no PostgreSQL, and tests that need it are skipped.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/test/await"
)

const (
	// Variable names the environment variable with the URL of the PostgreSQL
	// server that Run has started. If it is set already, that server is used:
	// the processes that a test starts inherit it. It does not begin like the
	// settings' variables: there it would be refused as unknown.
	Variable = "TEST_POSTGRES_OF_SWITCHHOOK"

	// template is a database with all tables. Copying it takes a third of the
	// time of making the tables.
	template = "tables"

	// Password is in the URLs of all databases, so that tests can search for it
	// where it must not appear.
	Password = "open-sesame"
)

// Run runs a package's tests with a PostgreSQL server, and returns the exit
// code. The server is stopped at the end, even if the tests are killed.
func Run(m *testing.M) int {
	if os.Getenv(Variable) != "" {
		return m.Run()
	}
	flag.Parse()
	if testing.Short() {
		return m.Run()
	}
	s, err := start(flag.Lookup("test.bench").Value.String() != "")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if err = prepare(s.url); err == nil {
		code = m.Run()
	}
	if err := errors.Join(err, s.stop()); err != nil {
		fmt.Fprintf(os.Stderr, "PostgreSQL for the tests: %v\n%s", err, s.problem)
		return 1
	}
	return code
}

// prepare makes the template on a server, and publishes the server's URL.
func prepare(server string) error {
	if err := os.Setenv(Variable, server); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
	defer cancel()
	if err := execute(ctx, "CREATE DATABASE "+template); err != nil {
		return err
	}
	at, err := database(template)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Config{URL: at, Exclusive: true})
	if err != nil {
		return err
	}
	return s.Close()
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

// EachConfig is Each for tests that open one database several times, or in
// unusual ways: fresh returns the Config of a new database.
func EachConfig(t *testing.T, body func(t *testing.T, fresh func(t testing.TB) store.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { body(t, SQLite) })
	t.Run("postgres", func(t *testing.T) { body(t, Postgres) })
}

// Postgres makes a database with all tables, empty, and returns the Config with
// which a server opens it. It is removed when the test ends.
func Postgres(t testing.TB) store.Config {
	t.Helper()
	return postgres(t, template)
}

// EmptyPostgres is Postgres without the tables, which the first server makes.
func EmptyPostgres(t testing.TB) store.Config {
	t.Helper()
	return postgres(t, "template0")
}

func postgres(t testing.TB, from string) store.Config {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without PostgreSQL")
	}
	name := "test_" + strings.ToLower(rand.Text())
	at, err := database(name)
	if err != nil {
		t.Fatal(err)
	}
	run := func(statement string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), await.Limit)
		defer cancel()
		if err := execute(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE DATABASE " + name + " TEMPLATE " + from)
	t.Cleanup(func() { run("DROP DATABASE " + name + " WITH (FORCE)") })
	return store.Config{URL: at, Folder: t.TempDir(), Exclusive: true}
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

// database returns the URL of a database on the server.
func database(name string) (string, error) {
	at, err := url.Parse(os.Getenv(Variable))
	if err != nil || at.Scheme == "" {
		return "", errors.New("there is no PostgreSQL: the package needs func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }")
	}
	at.Path = "/" + name
	return at.String(), nil
}

// execute runs a statement on the server.
func execute(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, os.Getenv(Variable))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
