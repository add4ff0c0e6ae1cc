//go:build unix

package telephone_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/tool/telephone"
	"github.com/switchhook/switchhook/test/await"
)

// leaving is a keyboard whose q is pressed, again and again, once over is
// closed.
func leaving(t *testing.T, over <-chan struct{}) io.Reader {
	t.Helper()
	read, write := io.Pipe()
	t.Cleanup(func() { _ = read.Close() })
	go func() {
		<-over
		for {
			if _, err := io.WriteString(write, "q\n"); err != nil {
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	}()
	return read
}

// A call in real time, of a quarter of a second, for programs that play sound
// know no other.
func TestCallIsHeardOrItIsSaidWhyNot(t *testing.T) {
	for _, c := range []struct {
		name     string
		programs map[string]string
		want     string
	}{
		{"nothing plays sound", nil, "No program that plays sound is found; --hear FILE.wav writes what is heard to a file."},
		{"nothing speaks", map[string]string{"aplay": "cat >> $OUT/sound\n"}, "Nothing here speaks text, so of the call only sound files are heard."},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := programs(t, c.programs)
			for _, term := range []string{"xterm", "dumb"} {
				var out paper
				over := make(chan struct{})
				in := leaving(t, over)
				result, err := telephone.Run(t.Context(), telephone.Options{
					Call: simulator.Options{Target: target, Handler: documents{"/": `<Play>/250ms.wav</Play>`}, Hear: true, Record: func(s trace.Stamped) {
						if _, ok := s.Event.(trace.Hangup); ok {
							close(over)
						}
					}},
					In: in, Out: &out, Environ: []string{"TERM=" + term}, Hear: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := result.Heard.Duration(); got < 250*time.Millisecond || got > await.Limit {
					t.Errorf("TERM=%s: %v is kept of what was heard", term, got)
				}
				if got := strings.Join(strings.Fields(ansi.Strip(out.String())), " "); !strings.Contains(got, c.want) {
					t.Errorf("TERM=%s: it is not said that %s\n%s", term, c.want, got)
				}
			}
			if c.programs == nil {
				return
			}
			if got, least := written(t, folder+"/sound"), 2*2*8000/4; len(got) < least || strings.Trim(got, "\x00") != "" {
				t.Errorf("the program got %d bytes, want the two files of %d and silence before", len(got), least)
			}
		})
	}
}
