package telephone_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

// paper is what a terminal was sent.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// keyboard types text at times after the beginning, and then is taken away.
func keyboard(lines ...any) io.Reader {
	read, write := io.Pipe()
	start := time.Now()
	go func() {
		defer func() { _ = write.Close() }()
		for _, line := range lines {
			switch l := line.(type) {
			case time.Duration:
				<-time.After(l - time.Since(start))
			case string:
				if _, err := io.WriteString(write, l); err != nil {
					return
				}
			}
		}
	}()
	return read
}

func TestPersonAtATerminal(t *testing.T) {
	for _, c := range []struct {
		name    string
		environ []string
		colours bool
	}{
		{"with colours", []string{"TERM=xterm-256color", "TTY_FORCE=1"}, true},
		{"without", []string{"TERM=xterm-256color", "TTY_FORCE=1", "NO_COLOR=yes"}, false},
		{"of few abilities", []string{"TERM=vt100"}, false},
		{"of none that are known", []string{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out paper
				recorded := 0
				result, err := telephone.Run(t.Context(), telephone.Options{
					Call: simulator.Options{Target: target, Handler: practice, Record: func(trace.Stamped) { recorded++ }},
					In:   keyboard(time.Second, "\x1b[6~h", 1500*time.Millisecond, "?q", 2*time.Second, "q", time.Hour), Out: &out, Environ: c.environ,
				})
				if err != nil {
					t.Fatal(err)
				}
				if result.Outcome.By != trace.ByCaller || recorded != len(result.Events) {
					t.Errorf("outcome %+v, %d of %d events recorded", result.Outcome, recorded, len(result.Events))
				}
				if got := strings.Contains(out.String(), "\x1b[32m"); got != c.colours { // the lamp is green
					t.Errorf("colours: %t, want %t", got, c.colours)
				}
				<-time.After(time.Hour) // commands of the screen end
			})
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	for _, term := range []string{"xterm", "dumb"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := errors.New("the machine is switched off")
			time.AfterFunc(time.Second, func() { cancel(stop) })
			result, err := telephone.Run(ctx, telephone.Options{
				Call: simulator.Options{Target: target, Handler: documents{"/": `<Echo/>`}},
				In:   keyboard(time.Minute), Out: &paper{}, Environ: []string{"TERM=" + term},
			})
			if !errors.Is(err, stop) {
				t.Errorf("TERM=%s: error %v", term, err)
			}
			if result == nil || result.Outcome.By != trace.ByEngine {
				t.Errorf("TERM=%s: result %+v", term, result)
			}
			<-time.After(time.Hour)
		})
	}
}

func TestCallThatCannotBeginIsAnError(t *testing.T) {
	for _, term := range []string{"xterm", "dumb"} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := telephone.Run(t.Context(), telephone.Options{
				Call: simulator.Options{Target: "tel:112"}, In: keyboard(time.Minute), Out: &paper{}, Environ: []string{"TERM=" + term},
			})
			if err == nil || !strings.Contains(err.Error(), "is not the URL of a responder") {
				t.Errorf("TERM=%s: error %v", term, err)
			}
			if waited := time.Since(start); waited >= time.Minute {
				t.Errorf("TERM=%s: the person is told after %v, when the keyboard is gone", term, waited)
			}
			<-time.After(time.Hour)
		})
	}
}

func TestCallIsSavedAlsoWhereThePersonLeavesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saved := ""
		_, err := telephone.Run(t.Context(), telephone.Options{
			Call: simulator.Options{Target: target, Handler: practice},
			In:   keyboard(time.Second, "s", 2*time.Second, "\r", 3*time.Second, "\x03", time.Minute), Out: &paper{}, Environ: []string{"TERM=xterm"},
			Save: func(name string, call *simulator.Result) error {
				saved = name + ", ended by " + string(call.Outcome.By)
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("call.jsonl, ended by caller", saved); diff != "" {
			t.Errorf("saved (-want +got):\n%s", diff)
		}
		<-time.After(time.Hour)
	})
}

func TestTerminalThatCanOnlyPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out paper
		saved := ""
		result, err := telephone.Run(t.Context(), telephone.Options{
			Call: simulator.Options{Target: target, Handler: practice},
			In: keyboard(time.Second, "7\n", 11*time.Second, "my tooth\n", 12*time.Second, "s one.jsonl\n\n?\n", 23*time.Second, "12 34\n", 24*time.Second, "56\n",
				40*time.Second, "5\ns\nr\n", 41*time.Second, "h\n", 42*time.Second, "q\n", time.Hour),
			Out: &out, Environ: []string{"TERM=dumb"},
			Save: func(name string, _ *simulator.Result) error {
				saved += name + " "
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if result.Outcome.By != trace.ByCaller {
			t.Errorf("outcome of the last call: %+v", result.Outcome)
		}
		if diff := cmp.Diff("one.jsonl call.jsonl ", saved); diff != "" {
			t.Errorf("saved (-want +got):\n%s", diff)
		}
		golden(t, "printed", out.String())
		<-time.After(time.Hour)
	})
}

func TestPrintingTerminalHasNothingOfStrangersToObey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out paper
		_, err := telephone.Run(t.Context(), telephone.Options{
			Call: simulator.Options{Target: target, Handler: documents{"/": "<Response><Say>\u009b2J\u202eabc</Say></Response>"}},
			In:   keyboard(5*time.Second, "q\n", time.Minute), Out: &out, Environ: []string{"TERM=dumb"},
		})
		if err != nil {
			t.Fatal(err)
		}
		for row := range strings.Lines(out.String()) {
			if wrong := harmless(strings.TrimSuffix(row, "\n"), 100); wrong != "" {
				t.Errorf("a row is %s: %q", wrong, row)
			}
		}
		<-time.After(time.Minute)
	})
}
