package alert

import (
	"context"
	"log/slog"
	"time"
)

const (
	// pace is the least time between two alerts of a way: Slack takes one message
	// a second at each address. The board is changed as seldom.
	pace = time.Second

	// standPace is how long it takes until we write that what stands has come up
	// again.
	standPace = time.Minute

	// ReadEvery is how often we read what other servers have told, and commands
	// have muted.
	ReadEvery = 15 * time.Second

	// recordsPatience is how long the database may take. Only alerts wait.
	recordsPatience = 3 * time.Second

	// withoutRecords is how long we go by memory once it has failed.
	withoutRecords = 10 * time.Second

	// partingTimeout is how long sending the rest may take when the server
	// stops. The stop takes half a minute in all.
	partingTimeout = 5 * time.Second
)

// Run sends alerts until the context ends, and then those that wait, as far as
// they can be sent at once. Call it once; alerts raised before or after it
// wait.
func (s *Sender) Run(ctx context.Context) {
	if s.own != nil {
		defer s.own.CloseIdle()
	}
	lasting, cut := context.WithCancel(context.WithoutCancel(ctx)) // what was begun is sent to its end
	defer cut()
	for ctx.Err() == nil {
		s.rest(ctx, s.step(lasting))
	}
	s.part(lasting, cut)
}

// rest returns when it is time, or when there is something new.
func (s *Sender) rest(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	case <-ctx.Done():
	}
}

// part sends what is due, as far as it can be sent at once. The rest is the next
// server's.
func (s *Sender) part(ctx context.Context, cut func()) {
	s.parting = true
	s.step(ctx)
	late := time.AfterFunc(partingTimeout, cut)
	defer late.Stop()
	s.sending.Wait()
	s.mu.Lock()
	for _, o := range s.ended {
		if o.problem != nil {
			s.log.LogAttrs(ctx, slog.LevelError, "alerts not sent before shutdown", slog.String("way", o.report.way), slog.String("error", o.problem.Reason))
		}
	}
	s.mu.Unlock()
	s.leaving = true
	s.step(context.WithoutCancel(ctx)) // to write down what became of them
}

// step writes down what has come up and what was sent, begins to send what is
// due, and returns when it has to be called again.
func (s *Sender) step(ctx context.Context) time.Time {
	now := time.Now()
	s.mu.Lock()
	inbox, wait := s.takeInbox(now)
	ended := s.ended
	s.ended = nil
	ways, repeat, records := s.ways, s.repeat, s.records
	s.mu.Unlock()
	for _, o := range ended {
		s.pause(o, now)
	}
	if records != nil && now.Sub(s.read) >= ReadEvery && !now.Before(s.without) {
		s.reread(ctx, records, now)
	}
	s.board.repeat, s.board.pasteable = repeat, s.pasteable
	if len(inbox) > 0 || len(ended) > 0 || s.anyDue(ways, now) || len(s.dirty) > 0 && !now.Before(s.without) {
		reports := s.change(ctx, records, now, func(b *Board) []report { return s.advance(b, inbox, ended, ways, now) })
		s.report(ctx, ended)
		s.send(ctx, reports, ways)
	}
	s.look()
	return s.nextStep(ways, wait, now)
}

// takeInbox returns what has come up, if it is time to write it down, and else
// when it is.
func (s *Sender) takeInbox(now time.Time) (inbox map[Key]*news, wait time.Time) {
	inbox = map[Key]*news{}
	for key, n := range s.inbox {
		from := s.flushed.Add(pace)
		if known, stands := s.stands[key]; stands && key.Kind.Lasts() && kinds[key.Kind].times == 0 && !n.resolved && known.text == n.alert.Text {
			from = later(from, n.since.Add(standPace))
		}
		if !s.parting && from.After(now) {
			if wait.IsZero() || from.Before(wait) {
				wait = from
			}
			continue
		}
		inbox[key] = n
		delete(s.inbox, key)
	}
	if len(inbox) > 0 {
		s.flushed = now
	}
	return inbox, wait
}

// advance changes a board, and returns what is to be sent now. It is repeated on
// another board if that one was changed meanwhile.
func (s *Sender) advance(b *Board, inbox map[Key]*news, ended []outcome, ways []Way, now time.Time) (reports []report) {
	for key, n := range inbox {
		if n.count > 0 {
			n.alert.About = key.About
			b.raise(n.alert, n.count, s.config.Server, now)
		}
		if n.resolved {
			b.resolve(key, n.now, s.config.Server, now)
		}
	}
	for i, o := range ended {
		if o.problem == nil {
			b.done(o.report, now)
		} else {
			ended[i].problem.gaveUp = b.failed(o.report, now, o.problem)
		}
	}
	b.forget(now)
	for {
		r, ok := b.claim(logWay, now)
		if !ok {
			break
		}
		b.done(r, now)
		reports = append(reports, r)
	}
	for _, way := range ways {
		if !s.busy[way.Name()] && !s.leaving && !s.free[way.Name()].After(now) {
			if r, ok := b.claim(way.Name(), now); ok {
				reports = append(reports, r)
			}
		}
	}
	return reports
}

// anyDue reports whether something is to be sent now, as far as is known.
func (s *Sender) anyDue(ways []Way, now time.Time) bool {
	at, ok := s.nextDue(ways, now)
	return ok && !at.After(now)
}

// nextDue returns when something is to be sent.
func (s *Sender) nextDue(ways []Way, now time.Time) (first time.Time, ok bool) {
	names := []string{logWay}
	for _, way := range ways {
		names = append(names, way.Name())
	}
	for _, name := range names {
		if s.busy[name] {
			continue
		}
		if _, at, _, waits := s.board.next(name, now); waits {
			if at = later(at, s.free[name]); !ok || at.Before(first) {
				first, ok = at, true
			}
		}
	}
	return first, ok
}

// nextStep returns when there is something to do again.
func (s *Sender) nextStep(ways []Way, inbox time.Time, now time.Time) time.Time {
	next := now.Add(forgetAfter)
	if s.records != nil {
		next = now.Add(ReadEvery)
	}
	if due, ok := s.nextDue(ways, now); ok && due.Before(next) {
		next = due
	}
	if !inbox.IsZero() && inbox.Before(next) {
		next = inbox
	}
	return next
}

// change has the board of the records changed, or the one in memory if they fail.
func (s *Sender) change(ctx context.Context, records Records, now time.Time, advance func(*Board) []report) (reports []report) {
	if records != nil && !now.Before(s.without) {
		changing, cancel := context.WithTimeout(ctx, recordsPatience)
		defer cancel()
		var board *Board
		err := Change(changing, records, func(b *Board) {
			s.overlay(b)
			reports, board = advance(b), b
		})
		if err == nil {
			s.board, s.read = board, now
			clear(s.dirty)
			return reports
		}
		s.failed(ctx, now, err)
	}
	before, err := s.board.encode(nil)
	reports = advance(s.board)
	after, worse := s.board.encode(before)
	if err != nil || worse != nil {
		return reports // it cannot be: a Matter has nothing that JSON has not
	}
	for row := range after {
		s.dirty[Key{Kind(row[0]), row[1]}] = records != nil
	}
	return reports
}

// overlay puts what was only told in memory on a board.
func (s *Sender) overlay(b *Board) {
	b.repeat, b.pasteable = s.board.repeat, s.pasteable
	for key := range s.dirty {
		mine, theirs := s.board.Matters[key], b.Matters[key]
		if mine == nil {
			continue
		}
		if theirs != nil {
			mine.Muted = theirs.Muted
		}
		b.Matters[key] = mine
	}
}

// reread reads what other servers and commands have changed.
func (s *Sender) reread(ctx context.Context, records Records, now time.Time) {
	reading, cancel := context.WithTimeout(ctx, recordsPatience)
	defer cancel()
	board, err := Read(reading, records)
	if err != nil {
		s.failed(ctx, now, err)
		return
	}
	s.overlay(board)
	s.board, s.read = board, now
}

func (s *Sender) failed(ctx context.Context, now time.Time, err error) {
	s.without = now.Add(withoutRecords)
	s.log.LogAttrs(ctx, slog.LevelWarn, "alerts go by memory", slog.String("error", err.Error()))
}

// look notes what stands.
func (s *Sender) look() {
	stands := make(map[Key]standing)
	for key, m := range s.board.Matters {
		if m.Stands() {
			stands[key] = standing{m.Text, m.Since}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stands, s.seen = stands, s.records == nil || !s.read.IsZero()
}

// send begins to send reports.
func (s *Sender) send(ctx context.Context, reports []report, ways []Way) {
	for _, r := range reports {
		if r.way == logWay {
			s.write(ctx, r)
			continue
		}
		for _, way := range ways {
			if way.Name() != r.way {
				continue
			}
			s.busy[r.way] = true
			s.sending.Go(func() {
				problem := way.Send(ctx, r.message())
				s.mu.Lock()
				defer s.mu.Unlock()
				s.ended = append(s.ended, outcome{r, way.Host(), problem})
				s.rouse()
			})
		}
	}
}

// write writes a report into the log.
func (s *Sender) write(ctx context.Context, r report) {
	m := r.message()
	attrs := []slog.Attr{slog.String("kind", string(m.Kind)), slog.String("about", m.About), slog.String("text", m.Text)}
	if m.Resolved {
		s.log.LogAttrs(ctx, slog.LevelInfo, "alert resolved", attrs...)
	} else {
		s.log.LogAttrs(ctx, slog.LevelWarn, "alert", attrs...)
	}
}

// pause notes that a way has sent, and when it may again.
func (s *Sender) pause(o outcome, now time.Time) {
	way := o.report.way
	s.busy[way] = false
	if o.problem == nil {
		s.fails[way], s.free[way] = 0, now.Add(pace)
		return
	}
	s.fails[way]++
	if o.problem.Hopeless {
		s.free[way] = now.Add(pace)
		return
	}
	s.free[way] = now.Add(max(pauseAfter(s.fails[way]), min(o.problem.Wait, longestPause)))
}

// report counts what was sent or given up, and logs what was given up.
func (s *Sender) report(ctx context.Context, ended []outcome) {
	for _, o := range ended {
		if o.problem != nil && !o.problem.gaveUp {
			continue
		}
		for _, p := range o.report.parts {
			s.config.Count(p.key.Kind, o.report.way, o.problem == nil)
		}
		if m := o.report.message(); o.problem != nil {
			s.log.LogAttrs(ctx, slog.LevelError, "alert not sent; check [alerts]", slog.String("way", o.report.way),
				slog.String("kind", string(m.Kind)), slog.String("about", m.About), slog.String("host", o.host), slog.String("error", o.problem.Reason))
		}
	}
}
