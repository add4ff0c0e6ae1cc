package respondertest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/respondertest"
)

// newT stands in for the *testing.T of the examples, which run in no test.
func newT() *exampleT {
	ctx, cancel := context.WithCancel(context.Background())
	return &exampleT{failing{ctx: ctx}, cancel}
}

type exampleT struct {
	failing
	cancel context.CancelFunc
}

// finish does what package testing does when a test has ended.
func (t *exampleT) finish() {
	t.cancel()
	for _, do := range t.cleanups {
		do()
	}
	for _, failure := range t.failures {
		fmt.Println(failure)
	}
}

var _ testing.TB = (*exampleT)(nil)

// Heard gives all that was said, for tests that look at the whole of it.
func ExampleCaller_Heard() {
	t := newT()
	defer t.finish()

	caller := respondertest.Call(t, responder.Handle(reception), respondertest.BargeIn())
	caller.Presses("1")
	for _, text := range caller.Heard() {
		fmt.Println(text)
	}
	// Output:
	// Press 1 for sales.
	// One moment.
}

// A script is what a caller does, as a file for the command line has it.
func ExampleRunScript() {
	t := newT()
	defer t.finish()

	respondertest.RunScript(t, responder.Handle(reception), `
		expect press 1
		wait 2
		press 1
		expect one moment
	`)
	fmt.Println("as it should be")
	// Output:
	// as it should be
}
