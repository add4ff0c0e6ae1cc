package inhand_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/test/await"
)

// begin takes a call, and returns its context.
func begin(t *testing.T, calls *inhand.Calls) (ctx context.Context, end func()) {
	t.Helper()
	ctx, hangUp := context.WithCancelCause(t.Context())
	end, ok := calls.Begin(hangUp)
	if !ok {
		t.Fatal("the call was not taken")
	}
	return ctx, end
}

func TestCallsAreWaitedFor(t *testing.T) {
	var calls inhand.Calls
	if err := calls.Wait(t.Context()); err != nil {
		t.Errorf("waiting for no call: %v", err)
	}
	_, first := begin(t, &calls)
	_, second := begin(t, &calls)
	calls.Drain()
	first()
	first() // a second end is none
	if n := calls.InHand(); n != 1 {
		t.Errorf("%d calls are in hand, want 1", n)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := calls.Wait(over); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting while a call goes on: %v, want that the context is over", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- calls.Wait(await.Context(t)) }()
	second()
	if err := await.From(t, "the end of the wait", waited); err != nil {
		t.Errorf("waiting for the last call: %v", err)
	}
}

func TestWaitingIsForCallsOfLaterToo(t *testing.T) {
	var calls inhand.Calls
	for range 2 {
		_, end := begin(t, &calls)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := calls.Wait(over); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting while a call goes on: %v, want that the context is over", err)
		}
		end()
		if err := calls.Wait(over); err != nil {
			t.Errorf("waiting for no call: %v", err)
		}
	}
}

func TestADrainTakesNoMoreCalls(t *testing.T) {
	var calls inhand.Calls
	ctx, end := begin(t, &calls)
	if calls.Draining() {
		t.Error("the calls drain before they are told to")
	}
	calls.Drain()
	if !calls.Draining() {
		t.Error("the calls do not drain")
	}
	if _, ok := calls.Begin(func(error) { t.Error("a call was hung up that was not taken") }); ok {
		t.Error("a call was taken")
	}
	if ctx.Err() != nil {
		t.Error("the call in hand was ended")
	}
	stopping := errors.New("the server stops")
	calls.HangUp(stopping)
	if got := context.Cause(ctx); got != stopping {
		t.Errorf("the call was ended for %v, want %v", got, stopping)
	}
	end()
	calls.HangUp(errors.New("again")) // nobody is there any more
}

func TestCallsThatEndAtOnceAreCounted(t *testing.T) {
	var calls inhand.Calls
	var running sync.WaitGroup
	for range 100 {
		_, end := begin(t, &calls)
		running.Go(end)
	}
	calls.Drain()
	if err := calls.Wait(await.Context(t)); err != nil {
		t.Error(err)
	}
	running.Wait()
	if n := calls.InHand(); n != 0 {
		t.Errorf("%d calls are in hand", n)
	}
}
