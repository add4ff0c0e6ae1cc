package store_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/switchhook/switchhook/internal/store/storetest"
)

// checks is how often a property is checked, on each database: a round takes a
// dozen transactions. Use -rapid.checks for more.
const checks = "25"

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", checks); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(storetest.Run(m))
}
