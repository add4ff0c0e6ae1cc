package store_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/switchhook/switchhook/internal/storetest"
)

// checks is how often a property is looked at, on each database: a round takes a
// dozen transactions. More of them with -rapid.checks.
const checks = "25"

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", checks); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(storetest.Run(m))
}
