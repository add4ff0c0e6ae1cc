package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	// clockSlack is how far the clock may jump without a report: machines
	// without a battery are some minutes off at boot.
	clockSlack = 5 * time.Minute

	// awayMost is how long a server may have been off before we doubt its
	// clock.
	awayMost = 7 * 24 * time.Hour

	// doubtFor is how long nothing is removed for its age once the clock is in
	// doubt: the operator has time to read of it and set the clock right.
	doubtFor = 24 * time.Hour

	// clockFile is where a server stores its last clock reading, in its own
	// folder: the clock is the machine's, even if the database is elsewhere.
	clockFile = "clock.json"
)

// began is when the process started, by its monotonic clock.
var began = time.Now()

// Clock notices when the machine's clock is set, while the server runs or while
// it is off, and doubts it for a day: nothing is removed for its age until
// then.
type Clock struct {
	path string

	mu    sync.Mutex
	wall  time.Time // of the last look
	up    time.Duration
	saved clockState
	begun bool
}

// Jump is how far a clock was set: forward, or back if By is negative.
type Jump struct {
	By time.Duration

	// Off says that the jump was found at the start. If it is forward, the
	// server may simply have been off for as long.
	Off bool
}

// clockState is what survives a restart.
type clockState struct {
	Seen    time.Time `json:"seen"`    // the last reading
	Doubted time.Time `json:"doubted"` // until when
}

// NewClock returns the clock of a server's folder.
func NewClock(folder string) *Clock { return &Clock{path: filepath.Join(folder, clockFile)} }

// Look compares the clock (wall) with a timer that nobody sets (up), and
// returns how far the clock was set since the last Look; By is 0 if it was not.
// It fails if the reading cannot be stored.
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

// restarted compares the clock with the last reading before the start. Without
// one, the clock is doubted without a report.
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

// watchClock tells the operator if the clock was set, and shifts the due times
// of running work.
func (a *Server) watchClock(ctx context.Context) {
	now := time.Now()
	jump, err := a.clock.Look(now, sinceBoot())
	if err != nil {
		a.log.WarnContext(ctx, "clock reading not stored", "error", err.Error())
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
		return // texts queued before a long stop are too late
	}
	if err := a.store.FollowClock(ctx, now, jump.By); err != nil {
		a.troubled(ctx, "texts not moved along with the clock", err)
	}
}
