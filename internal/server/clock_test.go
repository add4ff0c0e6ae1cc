package server_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/server"
)

func TestAClockThatIsSetIsNoticedAndDoubtedForADay(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	type look struct {
		start   bool // of the server again
		wall    time.Duration
		up      time.Duration
		jump    server.Jump
		doubted bool
	}
	first := []look{{true, 0, 0, server.Jump{}, true}, {false, day, day, server.Jump{}, false}}
	for name, looks := range map[string][]look{
		"never set":                   {{false, day + time.Hour, day + time.Hour, server.Jump{}, false}},
		"a minute by the time server": {{false, day + time.Minute, day + time.Second, server.Jump{}, false}},
		"forward by months": {
			{false, 91 * day, day + time.Second, server.Jump{By: 90*day - time.Second}, true},
			{false, 91*day + time.Hour, day + time.Hour + time.Second, server.Jump{}, true},
			{false, 92 * day, 2*day + time.Second, server.Jump{}, false},
		},
		"forward, and set right": {
			{false, 91 * day, day, server.Jump{By: 90 * day}, true},
			{false, day + time.Hour, day + time.Hour, server.Jump{By: -90 * day}, true},
			{false, 2*day + time.Hour, 2*day + time.Hour, server.Jump{}, false},
		},
		"back by hours":      {{false, day - 3*time.Hour, day, server.Jump{By: -3 * time.Hour}, true}},
		"off for a night":    {{true, day + 9*time.Hour, 0, server.Jump{}, false}},
		"off for months":     {{true, 91 * day, 0, server.Jump{By: 90 * day, Off: true}, true}},
		"set back while off": {{true, 0, 0, server.Jump{By: -day, Off: true}, true}},
		"off while it is doubted": {
			{false, 91 * day, day, server.Jump{By: 90 * day}, true},
			{true, 91*day + time.Hour, 0, server.Jump{}, true},
			{false, 92 * day, 23 * time.Hour, server.Jump{}, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "not", "yet")
			var clock *server.Clock
			for i, l := range append(first, looks...) {
				if l.start {
					clock = server.NewClock(folder)
				}
				jump, err := clock.Look(begin.Add(l.wall), l.up)
				if err != nil || jump != l.jump {
					t.Errorf("look %d: %+v, %v, want %+v", i+1, jump, err, l.jump)
				}
				if got := clock.Doubted(begin.Add(l.wall)); got != l.doubted {
					t.Errorf("look %d: doubted: %v", i+1, got)
				}
			}
		})
	}
}
