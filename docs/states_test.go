package docs_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/store"
)

var update = flag.Bool("update", false, "write the tables that are made from the code")

// TestTablesOfStatesAreThoseOfTheCode compares the tables between two marks of a
// page with the table that the program uses.
func TestTablesOfStatesAreThoseOfTheCode(t *testing.T) {
	for page, table := range map[string]string{
		"durable-texts.md": ledger.TextSteps.Table(),
		"click-to-call.md": clicktocall.Steps.Table(),
		"core.md":          core.QueueSteps.Table(),
		"database.md":      store.JobSteps.Table(),
	} {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(content), "<!-- steps -->\n")
		old, after, ends := strings.Cut(rest, "<!-- end of steps -->")
		if !found || !ends {
			t.Errorf("%s has no marks around a table of steps", page)
			continue
		}
		if old == table {
			continue
		}
		if !*update {
			t.Errorf("%s has another table of steps than the code; write it with: go test ./docs -run States -update", page)
			continue
		}
		whole := before + "<!-- steps -->\n" + table + "<!-- end of steps -->" + after
		if err := os.WriteFile(page, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
