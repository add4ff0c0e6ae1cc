package respondertest_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/respondertest"
)

const saved = `{"event":"call","target":"http://127.0.0.1:8080/","flags":{"from":"+12125550123","answer":["none","1"]}}
{"at":0,"event":"answer","from":"+12125550123","to":"2125550100"}
{"at":0,"event":"say","text":"Press one for sales, or two to leave.","voice":"","language":"","barged":false}
{"at":7.82,"event":"gather","input":"dtmf speech","digits":"","speech":"","ended":"timeout"}
{"at":7.82,"event":"say","text":"Press one for sales, or two to leave.","voice":"","language":"","barged":false}
{"at":10.64,"event":"gather","input":"dtmf speech","digits":"1","speech":"","ended":"numDigits"}
{"at":10.64,"event":"say","text":"Connecting you to sales.","voice":"","language":"","barged":false}
{"at":12.05,"event":"forward","to":"2001","byCaller":false}
`

// file writes a saved call.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sales.jsonl")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSavedCallIsReplayed(t *testing.T) {
	server := httptest.NewServer(menu)
	defer server.Close()
	respondertest.Replay(t, menu, file(t, saved))
	respondertest.ReplayURL(t, server.URL, file(t, saved))
	respondertest.ReplayURL(t, "", file(t, strings.ReplaceAll(saved, "http://127.0.0.1:8080", server.URL)))
}

func TestReplayOfAChangedResponderFails(t *testing.T) {
	changed := responder.Handle(func(ctx context.Context, req *responder.Request) (responder.Document, error) {
		if req.Digits == "1" {
			return responder.Respond(responder.Say{Text: "Connecting you."}, responder.Forward{To: "2001"}), nil
		}
		return menu.Respond(ctx, req)
	})
	name := file(t, saved)
	failures := run(t, func(t testing.TB) { respondertest.Replay(t, changed, name) })
	want := name + `: the call goes differently (- before, + now):
    > enters nothing
    "Press one for sales, or two to leave."
    > presses 1
  - "Connecting you to sales."
  + "Connecting you."
    forwards to 2001
`
	if len(failures) != 1 || failures[0] != want {
		t.Errorf("failures %q, want\n%s", failures, want)
	}
}

func TestSavedCallThatCannotBeReplayed(t *testing.T) {
	broken, good := file(t, "nonsense"), file(t, saved)
	for _, c := range []struct {
		name   string
		replay func(testing.TB)
		want   string
	}{
		{"no file", func(t testing.TB) { respondertest.Replay(t, menu, broken+".gone") }, broken + ".gone"},
		{"no saved call", func(t testing.TB) { respondertest.Replay(t, menu, broken) }, broken + ": line 1 is not the beginning of a saved call"},
		{"no origin", func(t testing.TB) { respondertest.ReplayURL(t, "localhost", good) }, good + `: "localhost" is not an origin`},
	} {
		failures := run(t, c.replay)
		if len(failures) != 1 || !strings.Contains(failures[0], c.want) {
			t.Errorf("%s: failures %q", c.name, failures)
		}
	}
}

func TestScriptRunsAgainstHandler(t *testing.T) {
	respondertest.RunScript(t, menu, "expect two to leave\npress 2\nexpect goodbye\n")
	for script, want := range map[string]string{
		"sing":         `line 1 of the script: there is no step "sing"`,
		"expect pizza": `line 1 of the script: the caller never heard "pizza"`,
	} {
		failures := run(t, func(t testing.TB) { respondertest.RunScript(t, menu, script) })
		if len(failures) != 1 || !strings.Contains(failures[0], want) {
			t.Errorf("%s: failures %q", script, failures)
		}
	}
}
