package dialog

import "time"

// timing has the times of RFC 3261 section 17.1.1.1 that all others are multiples
// of. They are a value so that tests can shorten them.
type timing struct {
	t1 time.Duration // an estimate of the round trip: the first wait before something is sent again
	t2 time.Duration // the longest such wait, for a 2xx and for requests other than INVITE
}

// rfcTiming returns the defaults of RFC 3261 table 4.
func rfcTiming() timing {
	return timing{t1: 500 * time.Millisecond, t2: 4 * time.Second}
}

// limit returns how long a message is sent again before the other side counts as
// gone: 64·T1, 32 s by default.
func (t timing) limit() time.Duration { return 64 * t.t1 }

// resends says when to send a message again that nobody has confirmed, and when
// to give up. It is for what the dialog itself has to repeat, on every transport;
// sipgo's transactions repeat the rest.
type resends struct {
	next    time.Duration // when it is sent again
	end     time.Duration // when to give up
	wait    time.Duration // between the last time and next
	longest time.Duration // that wait may become; 0: it doubles without a bound
}

// resendsOf2xx are those of RFC 3261 section 13.3.1.4: the wait doubles up to T2.
func (t timing) resendsOf2xx(now time.Duration) resends {
	return resends{next: now + t.t1, end: now + t.limit(), wait: t.t1, longest: t.t2}
}

// resendsOf1xx are those of RFC 3262 section 3: the wait doubles all the time.
func (t timing) resendsOf1xx(now time.Duration) resends {
	return resends{next: now + t.t1, end: now + t.limit(), wait: t.t1}
}

// due returns when tick is next wanted.
func (r *resends) due() time.Duration { return min(r.next, r.end) }

// tick reports whether the message is to be sent again now, or given up. A tick
// that comes late sends once, however many times it has missed.
func (r *resends) tick(now time.Duration) (again, giveUp bool) {
	if now >= r.end {
		return false, true
	}
	for r.next <= now {
		again = true
		r.wait *= 2
		if r.longest > 0 {
			r.wait = min(r.wait, r.longest)
		}
		r.next += r.wait
	}
	return again, false
}
