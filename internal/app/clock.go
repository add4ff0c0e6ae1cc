package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
)

const (
	// clockSlack is how far the clock may be set without anybody being told:
	// machines without a battery start some minutes off.
	clockSlack = 5 * time.Minute

	// awayMost is how long a server may have been off before its clock is
	// doubted.
	awayMost = 7 * 24 * time.Hour

	// doubtFor is how long nothing old is removed once the clock is doubted: an
	// operator reads of it, and sets it right.
	doubtFor = 24 * time.Hour

	// clockFile is where a server keeps what its clock said, in its own folder:
	// the clock is the machine's, also where the database is not.
	clockFile = "clock.json"
)

// began is when the process did, by its monotonic clock.
var began = time.Now()

// Clock notices when the machine's clock is set to another time, while the
// server runs or while it is off, and doubts it for a day: nothing is removed
// for its age.
type Clock struct {
	path string

	mu    sync.Mutex
	wall  time.Time // of the last look
	up    time.Duration
	saved clockState
	begun bool
}

// Jump is how far a clock was set: forward, or back where By is below zero.
type Jump struct {
	By time.Duration

	// Off says that it was found at the start: forward, the server may simply
	// have been off for as long.
	Off bool
}

// clockState is what outlasts the process.
type clockState struct {
	Seen    time.Time `json:"seen"`    // what the clock said last
	Doubted time.Time `json:"doubted"` // until when
}

// NewClock returns the clock of a server's folder.
func NewClock(folder string) *Clock { return &Clock{path: filepath.Join(folder, clockFile)} }

// Look compares the clock with a timer that nobody sets, and returns how far the
// clock was set since the last Look; By is 0 where it was not. Up is what the
// timer shows. The error is that what the clock says cannot be kept.
func (c *Clock) Look(wall time.Time, up time.Duration) (jump Jump, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall = wall.Round(0)
	if c.begun {
		jump.By = wall.Sub(c.wall) - (up - c.up)
	} else {
		c.begun, jump = true, c.restarted(wall)
	}
	c.wall, c.up = wall, up
	if jump.By.Abs() < clockSlack {
		jump = Jump{}
	} else {
		c.saved.Doubted = wall.Add(doubtFor)
	}
	if jump.By == 0 && wall.Sub(c.saved.Seen) < time.Minute {
		return Jump{}, nil
	}
	c.saved.Seen = wall
	text, err := json.Marshal(c.saved)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(c.path), 0o700), writePrivate(c.path, string(text)))
	}
	return jump, err
}

// restarted compares the clock with what it said before the start. That of a
// server of which nothing is known is doubted without a word.
func (c *Clock) restarted(wall time.Time) Jump {
	text, err := os.ReadFile(c.path)
	if err != nil || json.Unmarshal(text, &c.saved) != nil || c.saved.Seen.IsZero() {
		c.saved = clockState{Doubted: wall.Add(doubtFor)}
		return Jump{}
	}
	if away := wall.Sub(c.saved.Seen); away < 0 || away > awayMost {
		return Jump{By: away, Off: true}
	}
	return Jump{}
}

// Doubted reports whether nothing may be removed for its age.
func (c *Clock) Doubted(wall time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return wall.Before(c.saved.Doubted)
}

// watchClock tells the operator of a clock that was set, and moves along what is
// under way.
func (a *App) watchClock(ctx context.Context) {
	now := time.Now()
	jump, err := a.clock.Look(now, sinceBoot())
	if err != nil {
		a.log.WarnContext(ctx, "what the clock says cannot be kept", "error", err.Error())
	}
	if jump.By == 0 {
		return
	}
	way, or := "forward", ""
	if jump.By < 0 {
		way = "back"
	} else if jump.Off {
		or = ", or the server was off for as long"
	}
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.ClockJumped, Text: fmt.Sprintf(
		"The clock of this machine went %s by %s, to %s UTC%s. Caps, cool-downs and quiet hours go by it. Nothing is removed for its age for a day: if the clock is wrong, set it right until then.",
		way, jump.By.Abs().Round(time.Second), now.UTC().Format(time.DateTime), or)})
	if jump.Off && jump.By > 0 {
		return // texts of a server that was off are too late
	}
	if err := a.store.FollowClock(ctx, now, jump.By); err != nil {
		a.troubled(ctx, "texts could not be moved along with the clock", err)
	}
}
