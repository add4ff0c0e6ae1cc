package telephone_test

import (
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

var update = flag.Bool("update", false, "write the screens in testdata anew")

// target is where the handlers of tests are called.
const target = "http://responder.example/"

// documents answers each path with a document, and NAME.wav with a silence of
// that length. A path that begins with /slow takes two seconds.
type documents map[string]string

func (d documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/slow") {
		select {
		case <-time.After(2 * time.Second):
		case <-r.Context().Done():
		}
	}
	if name, ok := strings.CutSuffix(r.URL.Path, ".wav"); ok {
		length, err := time.ParseDuration(strings.TrimPrefix(name, "/"))
		if err == nil {
			err = audio.WriteWAV(w, audio.Silence(length))
		}
		if err != nil {
			panic(err)
		}
		return
	}
	document, ok := d[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, document)
}

// desk is where a screen stands, without a terminal, in a synctest bubble.
type desk struct {
	t        *testing.T
	model    tea.Model
	messages chan tea.Msg
	done     chan struct{}
	start    time.Time
	left     bool // the screen was left
	leave    func() (*simulator.Result, error)
	saved    map[string]*simulator.Result
}

// sit begins a call at a screen of a size. The responder answers in Options.Call.
func sit(t *testing.T, width, height int, o telephone.Options) *desk {
	t.Helper()
	d := &desk{t: t, messages: make(chan tea.Msg), done: make(chan struct{}), start: time.Now(), saved: map[string]*simulator.Result{}}
	o.Call.Target = target
	if o.Save == nil {
		o.Save = func(name string, call *simulator.Result) error {
			d.saved[name] = call
			return nil
		}
	}
	d.model, d.leave = telephone.NewScreen(t.Context(), o)
	d.do(d.model.Init())
	d.update(tea.WindowSizeMsg{Width: width, Height: height})
	t.Cleanup(func() {
		if _, err := d.leave(); err != nil {
			t.Error(err)
		}
		close(d.done)
		<-time.After(time.Second) // commands that wait for the next frame end
	})
	return d
}

// do runs a command.
func (d *desk) do(command tea.Cmd) {
	if command == nil {
		return
	}
	go func() {
		message := command()
		if batch, ok := message.(tea.BatchMsg); ok {
			for _, command := range batch {
				d.do(command)
			}
			return
		}
		select {
		case d.messages <- message:
		case <-d.done:
		}
	}()
}

func (d *desk) update(message tea.Msg) {
	switch message.(type) {
	case nil:
		return
	case tea.QuitMsg:
		d.left = true
		return
	}
	var command tea.Cmd
	d.model, command = d.model.Update(message)
	d.do(command)
}

// at lets the time pass until so long after the beginning.
func (d *desk) at(when time.Duration) {
	d.t.Helper()
	for timer := time.After(when - time.Since(d.start)); ; {
		select {
		case message := <-d.messages:
			d.update(message)
			continue
		case <-timer:
		}
		d.settle()
		return
	}
}

// settle handles everything that happens now.
func (d *desk) settle() {
	for {
		synctest.Wait()
		select {
		case message := <-d.messages:
			d.update(message)
		default:
			return
		}
	}
}

// press types keys of the keyboard, by their names.
func (d *desk) press(names ...string) {
	d.t.Helper()
	special := map[string]rune{"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace}
	for _, name := range names {
		switch code, ok := special[name]; {
		case ok:
			d.update(tea.KeyPressMsg{Code: code})
		case name == "ctrl+c":
			d.update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
		case name == "ctrl+u":
			d.update(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
		default:
			for _, r := range name {
				d.update(tea.KeyPressMsg{Code: r, Text: string(r)})
			}
		}
		d.settle()
	}
}

// screen returns what can be read on the screen.
func (d *desk) screen() string {
	rows := strings.Split(ansi.Strip(d.model.View().Content), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n") + "\n"
}

// sees fails the test where a text cannot be read on the screen.
func (d *desk) sees(text string) {
	d.t.Helper()
	if !strings.Contains(d.screen(), text) {
		d.t.Errorf("after %v the screen does not show %q:\n%s", time.Since(d.start), text, d.screen())
	}
}

// seesNot is the opposite of sees.
func (d *desk) seesNot(text string) {
	d.t.Helper()
	if strings.Contains(d.screen(), text) {
		d.t.Errorf("after %v the screen shows %q:\n%s", time.Since(d.start), text, d.screen())
	}
}

// callID is what is different in each call.
var callID = regexp.MustCompile(`(CallID +)[A-Z2-7]{26}`)

// golden compares the screen with a file of testdata.
func (d *desk) golden(name string) {
	d.t.Helper()
	golden(d.t, name, callID.ReplaceAllString(d.screen(), "${1}…"))
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", path, diff)
	}
}

// width is the number of columns that a row takes.
func width(row string) int { return ansi.StringWidth(row) }
