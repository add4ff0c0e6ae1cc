package main

import (
	"strings"
	"testing"
	"time"
)

func TestSearchFindsTheMostThatIsWell(t *testing.T) {
	for _, limit := range []int{0, 9, 10, 11, 100, 333, 1279, 5000} {
		tried := 0
		got, err := search(10, 1280, func(calls int) (bool, error) {
			tried++
			return calls <= limit, nil
		})
		most := min(limit, 1280)
		if limit < 10 {
			most = 0 // the first was too many
		}
		if err != nil || got > most || most-got > max(1, got/10) {
			t.Errorf("up to %d calls are well: the limit is %d, %v", limit, got, err)
		}
		if tried > 14 {
			t.Errorf("up to %d calls are well: it took %d trials", limit, tried)
		}
	}
}

func TestStreamsCountWhatIsLateAndLost(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	var c counts
	for _, p := range []struct {
		sequence uint16
		at       time.Duration
		counting bool
	}{
		{65530, 0, false},
		{65533, 500 * time.Millisecond, true}, // what was before does not count
		{65534, 520 * time.Millisecond, true},
		{65535, 551 * time.Millisecond, true}, // late
		{1, 570 * time.Millisecond, true},     // 0 is lost
		{2, 611 * time.Millisecond, true},     // very late
		{5, 900 * time.Millisecond, false},
	} {
		c.count(p.sequence, began.Add(p.at), p.counting)
	}
	if c.received != 5 || c.lost != 1 || c.late != 2 || c.veryLate != 1 {
		t.Errorf("counted %+v, want 5 received, 1 lost, 2 late, 1 of them very", c)
	}
}

func TestStreamsHearWherePromptsBeginAndEnd(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(1_800_000_000, 0).Add(time.Duration(n) * packetTime) }
	silence, sound := []byte{0xff, 0x7f, 0xff}, []byte{0xff, 0xfe, 0xff}
	s := stream{prompt: make(chan struct{})}
	for i, payload := range [][]byte{silence, silence, sound, silence, sound, silence, silence} {
		s.hear(payload, at(i))
	}
	if want := (heard{first: at(0), prompted: at(2), lastPrompt: at(4), hushed: at(5)}); s.heard != want {
		t.Errorf("heard %+v, want %+v", s.heard, want)
	}
	select {
	case <-s.prompt:
	default:
		t.Error("nobody was told of the prompt")
	}
}

func TestSpreadTellsPercentiles(t *testing.T) {
	var s spread
	if got := s.String(); got != "-" {
		t.Errorf("the spread of nothing is %q", got)
	}
	for i := range 200 {
		s = append(s, time.Duration(200-i)*time.Millisecond)
	}
	if got, want := s.String(), "100.0/198.0/200.0"; got != want {
		t.Errorf("the spread of 1 to 200 ms is %q, want %q", got, want)
	}
}

func TestWhatIsMeasuredIsNamed(t *testing.T) {
	for _, c := range []struct {
		args  string
		want  string // the names
		wrong bool
	}{
		{"-start s", "limit set-ups barge-in clear first flood", false},
		{"-to sip:1@127.0.0.1", "limit set-ups barge-in flood", false},
		{"-to sip:1@127.0.0.1 flood talk", "flood talk", false},
		{"-to sip:1@127.0.0.1 clear", "", true}, // it needs a document of ours
		{"-start s nothing", "", true},
		{"-start s -to sip:1@127.0.0.1", "", true},
		{"", "", true},
		{"-to 1", "", true},
	} {
		p, err := parse(strings.Fields(c.args))
		var names []string
		for _, m := range p.measurements {
			names = append(names, m.name)
		}
		if got := strings.Join(names, " "); (err != nil) != c.wrong || !c.wrong && got != c.want {
			t.Errorf("load %s measures %q, %v; want %q, wrong: %t", c.args, got, err, c.want, c.wrong)
		}
	}
}

func TestSamplesBelongToWhoAskedForThem(t *testing.T) {
	const stacks = `
	ffffffff81a0 udp_sendmsg
	          4f syscall.RawSyscall6.abi0
	          4e github.com/switchhook/switchhook/internal/call/media.(*socket).Send
	          4d github.com/switchhook/switchhook/internal/call/media.(*thread).step

	          41 memeqbody
	          42 slices.Contains[go.shape.string,github.com/a/b.c]
	          43 modernc.org/sqlite.(*stmt).exec[...]
	          44 github.com/switchhook/switchhook/internal/store.(*Store).Object

	          45 runtime.scanobject
	          46 runtime.gcAssistAlloc1
	          47 github.com/switchhook/switchhook/internal/call/dialog.(*Call).run

	          48 runtime.findRunnable

`
	got := shareOut(stacks)
	for _, want := range []string{
		"25%            25%  internal/call/media\n", "25%             0%  modernc.org/sqlite\n",
		"25%             0%  " + collecting + "\n", "25%             0%  " + scheduling + "\n", "of 4 samples",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
