package responder_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/responder"
)

// allocated returns how many bytes a function asks of the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileJSONCostsLittle: each body is as long as a request may be. What is
// allocated is the body itself as it is read, growing.
func TestHostileJSONCostsLittle(t *testing.T) {
	fill := func(begin, piece, last, end string) string {
		return begin + strings.Repeat(piece, (responder.MaxRequestBody-len(begin+last+end))/len(piece)) + last + end
	}
	for name, body := range map[string]string{
		"lists in a list":     fill(`{"a":[`, `[],`, `[]`, `]}`),
		"objects in a list":   fill(`{"a":[`, `{},`, `{}`, `]}`),
		"numbers in a list":   fill(`{"a":[`, `1,`, `1`, `]}`),
		"members of an inner": fill(`{"a":{`, `"":1,`, `"":1`, `}}`),
		"members of no value": fill(`{`, `"a":null,`, `"a":null`, `}`),
		"members of one name": fill(`{`, `"a":1,`, `"a":1`, `}`),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			got := allocated(func() { _, err = responder.ParseRequest(ask("POST", "/", "application/json", body)) })
			if err == nil {
				t.Error("it was taken")
			}
			if most := uint64(8 << 20); got > most {
				t.Errorf("%d bytes were allocated for a body of %d, want at most %d", got, len(body), most)
			}
		})
	}
}

func TestJSONOfANameThatStandsTwice(t *testing.T) {
	for body, want := range map[string]string{
		`{"NmsAni":"1","NmsAni":"2"}`:                "2",
		`{"NmsAni":"1","NmsAni":null}`:               "",
		`{"NmsAni":null,"NmsAni":3}`:                 "3",
		`null`:                                       "",
		`{"NmsAni" : "\u0031" , "b":true,"c":false}`: "1",
	} {
		req, err := responder.ParseRequest(ask("POST", "/", "application/json", body))
		if err != nil || req.Caller != want {
			t.Errorf("%s: got %v, %v, want the caller %q", body, req, err, want)
		}
	}
}

func TestJSONThatIsNoneIsRefused(t *testing.T) {
	for _, body := range []string{
		`{"a" 1}`, `{"a":1,}`, `{,"a":1}`, `{"a":}`, `{"a":1 "b":2}`, `{"a":1}}`, `{1:2}`, `{"a":tru}`, `{"a":01}`, `"a"`, `1`, `true`, `{"a":"`, `{`, "\xff",
	} {
		if req, err := responder.ParseRequest(ask("POST", "/", "application/json", body)); err == nil {
			t.Errorf("%s: got %v", body, req)
		}
	}
}
