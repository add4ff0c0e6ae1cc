package bench_test

import (
	"flag"
	"os"
	"testing"

	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestMain starts PostgreSQL if there is something to measure: a server that
// waits for the disk at each commit, as SQLite does.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		os.Exit(m.Run())
	}
	code := storetest.Run(m)
	if folder, err := programFolder(); err == nil {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}
