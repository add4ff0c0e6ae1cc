package dialog

import (
	order "cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestKeysByINFOAreRead(t *testing.T) {
	one := func(key byte) []infoKey { return []infoKey{{key: key}} }
	for _, c := range []struct {
		name string
		kind string
		body string
		want []infoKey
	}{
		{"as Cisco sends it", typeRelay, "Signal=5\r\nDuration=160\r\n", []infoKey{{'5', 160 * ms}}},
		{"spaces, and lines that end otherwise", typeRelay, "Signal= 5\nDuration= 160", []infoKey{{'5', 160 * ms}}},
		{"small letters, the duration lost", typeRelay, "signal = 5", one('5')},
		{"capitals, and a parameter of the type", "Application/DTMF-Relay; charset=utf-8", "SIGNAL=5", one('5')},
		{"star", typeRelay, "Signal= *\r\nDuration= 250", []infoKey{{'*', 250 * ms}}},
		{"star by number", typeRelay, "Signal=10\r\n", one('*')},
		{"pound", typeRelay, "Signal=#\r\n", one('#')},
		{"pound by number", typeRelay, "Signal=11\r\n", one('#')},
		{"a letter", typeRelay, "Signal=D", one('D')},
		{"a small letter", typeRelay, "Signal=a", one('A')},
		{"a letter by number", typeRelay, "Signal=15", one('D')},
		{"several", typeRelay, "Signal=1\r\nDuration=100\r\nSignal=2\r\nDuration=200\r\nSignal=3", []infoKey{{'1', 100 * ms}, {'2', 200 * ms}, {'3', 0}}},
		{"a flash", typeRelay, "Signal=16\r\nDuration=160", nil},
		{"a flash in words", typeRelay, "Signal=hf\r\nDuration=160", nil},
		{"a flash after a key", typeRelay, "Signal=1\r\nSignal=16\r\nDuration=160", one('1')},
		{"a duration of nothing", typeRelay, "Duration=160", nil},
		{"no signal", typeRelay, "Signal=", nil},
		{"a duration that cannot be", typeRelay, "Signal=5\r\nDuration=-1", one('5')},
		{"a duration without end", typeRelay, "Signal=5\r\nDuration=4294967295", []infoKey{{'5', time.Minute}}},
		{"under the name of the other type", typeDTMF, "Signal=5\r\nDuration=160\r\n", []infoKey{{'5', 160 * ms}}},

		{"alone", typeDTMF, "5", one('5')},
		{"alone, on a line", typeDTMF, " 5\r\n", one('5')},
		{"alone, by number", typeDTMF, "11", one('#')},
		{"alone, by number with a zero", typeDTMF, "05", one('5')},
		{"alone, star", typeDTMF, "*", one('*')},
		{"alone, under the name of the other type", typeRelay, "5", one('5')},
		{"several alone", typeDTMF, "123#", []infoKey{{key: '1'}, {key: '2'}, {key: '3'}, {key: '#'}}},
		{"two alone that are no number of a key", typeDTMF, "42", []infoKey{{key: '4'}, {key: '2'}}},
		{"several alone, apart", typeDTMF, "1, 2\r\n3", []infoKey{{key: '1'}, {key: '2'}, {key: '3'}}},
		{"a flash alone", typeDTMF, "16", nil},
		{"what is no key", typeDTMF, "!?", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, status := readInfo(c.kind, "", []byte(c.body))
			if diff := cmp.Diff(c.want, keys, cmp.AllowUnexported(infoKey{})); diff != "" || status != 200 {
				t.Errorf("answered %d, keys (-want +got):\n%s", status, diff)
			}
		})
	}
}

func TestINFOIsAnsweredByWhatItIs(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    string
		pack    string
		body    string
		want    int
		andKeys int
	}{
		{"no body", "", "", "", 200, 0},
		{"no body to speak of", typeRelay, "", "\r\n", 200, 0},
		{"a body of another type", "application/media_control+xml", "", "<media_control/>", 415, 0},
		{"a body without a type", "", "", "Signal=5", 415, 0},
		{"a package", "application/media_control+xml", "media", "<media_control/>", 469, 0},
		{"a package without a body", "", "conference;x=y", "", 469, 0},
		{"keys of a package of their own", typeRelay, "DTMF", "Signal=5", 200, 1},
		{"more keys than anybody has pressed", typeDTMF, "", strings.Repeat("1", 2000), 200, 32},
		{"more signals than anybody has pressed", typeRelay, "", strings.Repeat("Signal=1\n", 100), 200, 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, status := readInfo(c.kind, c.pack, []byte(c.body))
			if status != c.want || len(keys) != c.andKeys {
				t.Errorf("answered %d, with %d keys, want %d, %d", status, len(keys), c.want, c.andKeys)
			}
		})
	}
}

func TestTypesThatWeAcceptAreRead(t *testing.T) {
	for kind := range strings.SplitSeq(infoTypes, ", ") {
		if keys, status := readInfo(kind, "", []byte("Signal=5")); len(keys) != 1 || status != 200 {
			t.Errorf("%s is answered %d, with %d keys", kind, status, len(keys))
		}
	}
}

// FuzzINFO reads anything, and finds nothing but keys in it, in bounds.
func FuzzINFO(f *testing.F) {
	f.Add(typeRelay, "", []byte("Signal=5\r\nDuration=160\r\n"))
	f.Add(typeDTMF, "dtmf", []byte("11"))
	f.Add("text/plain", "x", []byte("1"))
	f.Fuzz(func(t *testing.T, kind, pack string, body []byte) {
		keys, status := readInfo(kind, pack, body)
		if len(keys) > maxInfoKeys || len(keys) > 0 && status != 200 {
			t.Fatalf("answered %d, with %d keys", status, len(keys))
		}
		for _, k := range keys {
			if !strings.ContainsRune("0123456789*#ABCD", rune(k.key)) || k.length < 0 || k.length > maxKeyTime {
				t.Fatalf("a key %q of %v", k.key, k.length)
			}
		}
	})
}

// report is a key that arrives.
type report struct {
	at  time.Duration
	key byte
	way Way
}

// counted returns the keys of the reports that are presses of their own.
func counted(reports ...report) string {
	var p Presses
	var keys []byte
	for _, r := range reports {
		if p.Step(r.key, r.way, r.at) {
			keys = append(keys, r.key)
		}
	}
	return string(keys)
}

func TestKeysReportedBothWaysCountOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		reports []report
		want    string
	}{
		{"RTP first", []report{{0, '5', ByRTP}, {300 * ms, '5', ByINFO}}, "5"},
		{"INFO first", []report{{0, '5', ByINFO}, {20 * ms, '5', ByRTP}}, "5"},
		{"at the same time", []report{{0, '5', ByINFO}, {0, '5', ByRTP}}, "5"},
		{"too late", []report{{0, '5', ByRTP}, {301 * ms, '5', ByINFO}}, "55"},
		{"two presses by RTP", []report{{0, '5', ByRTP}, {100 * ms, '5', ByRTP}}, "55"},
		{"two presses, both ways", []report{{0, '5', ByRTP}, {50 * ms, '5', ByINFO}, {150 * ms, '5', ByRTP}, {200 * ms, '5', ByINFO}}, "55"},
		{"two presses, the reports of one after those of the other", []report{{0, '5', ByRTP}, {150 * ms, '5', ByRTP}, {200 * ms, '5', ByINFO}, {350 * ms, '5', ByINFO}}, "55"},
		{"a third report", []report{{0, '5', ByRTP}, {10 * ms, '5', ByINFO}, {20 * ms, '5', ByINFO}}, "55"},
		{"another key", []report{{0, '5', ByRTP}, {10 * ms, '6', ByINFO}}, "56"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := counted(c.reports...); got != c.want {
				t.Errorf("counted %q, want %q", got, c.want)
			}
		})
	}
}

// TestPressesAreCountedWhateverTheWay: keys as fast as fingers press them, by
// either way or by both, at most 300 ms apart.
func TestPressesAreCountedWhateverTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ways := rapid.SampledFrom([][]Way{{ByRTP}, {ByINFO}, {ByRTP, ByINFO}, {ByINFO, ByRTP}}).Draw(t, "ways")
		lag := time.Duration(rapid.IntRange(0, 300).Draw(t, "lag")) * ms
		var reports []report
		at := time.Duration(0)
		pressed := rapid.StringMatching(`[0-9*#]{1,20}`).Draw(t, "keys")
		for _, key := range []byte(pressed) {
			for i, way := range ways {
				reports = append(reports, report{at + time.Duration(i)*lag, key, way})
			}
			at += time.Duration(rapid.IntRange(60, 600).Draw(t, "pause")) * ms
		}
		slices.SortStableFunc(reports, func(a, b report) int { return order.Compare(a.at, b.at) })
		if got := counted(reports...); got != pressed {
			t.Fatalf("%q pressed, %q counted, of %+v", pressed, got, reports)
		}
	})
}
