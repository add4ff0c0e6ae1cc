package respondertest_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

// failing is a testing.TB whose failures are expected.
type failing struct {
	testing.TB
	ctx      context.Context
	cleanups []func()
	failures []string
}

func (f *failing) Helper()                  {}
func (f *failing) Context() context.Context { return f.ctx }
func (f *failing) Cleanup(do func())        { f.cleanups = append(f.cleanups, do) }

func (f *failing) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *failing) Fatal(args ...any) {
	f.failures = append(f.failures, fmt.Sprint(args...))
	runtime.Goexit()
}

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// run runs a test that is to fail, as package testing does, and returns its
// failures.
func run(t *testing.T, test func(testing.TB)) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &failing{ctx: ctx}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		test(f)
	}()
	<-ended
	cancel()
	for _, do := range f.cleanups {
		do()
	}
	return f.failures
}
