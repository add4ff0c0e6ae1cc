package part_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/test/scrape"
)

type colour string

func TestASetIsClosedAndBeginsAtZero(t *testing.T) {
	c := part.NewCounter[colour]("lamps_total", "Lamps, by colour.", "colour", "red", "green")
	c.Count("red")
	c.Count("+12125550100")
	want := []string{`lamps_total{colour="green"} 0`, `lamps_total{colour="other"} 1`, `lamps_total{colour="red"} 1`}
	if diff := cmp.Diff(want, scrape.Lines(t, c)); diff != "" {
		t.Errorf("the counter (-want +got):\n%s", diff)
	}
}

func TestWithoutASetTheTypeIsTheSet(t *testing.T) {
	c := part.NewCounter[part.Result]("checks_total", "Checks, by how they went.", "result")
	if lines := scrape.Lines(t, c); lines != nil {
		t.Errorf("before anything is counted there is %q", lines)
	}
	c.Count(part.ResultOf(true))
	c.Count(part.ResultOf(false))
	want := []string{`checks_total{result="failed"} 1`, `checks_total{result="ok"} 1`}
	if diff := cmp.Diff(want, scrape.Lines(t, c)); diff != "" {
		t.Errorf("the counter (-want +got):\n%s", diff)
	}
}
