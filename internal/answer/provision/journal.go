package provision

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// saveTimeout is how long the store may take to record what was done, even
	// if the one who asked for it has gone.
	saveTimeout = 5 * time.Second

	// maxStale is how often a record is read again because somebody else saved
	// it in between. Two forms at once need two.
	maxStale = 5
)

// updateRecord loads an entry's record, lets change change it, and saves it if
// change says so; again, if somebody else has saved it in between. Without
// Records every record is empty, and none is saved.
func (p *Provisioner) updateRecord(ctx context.Context, id string, change func(*Record) (save bool)) error {
	if p.Records == nil {
		change(&Record{Entry: id})
		return nil
	}
	for try := 0; ; try++ {
		record, err := p.Records.Load(ctx, id)
		if err != nil {
			return recordError("read what was made for", id, err)
		}
		if !change(&record) {
			return nil
		}
		err = p.Records.Save(ctx, record)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ErrStale) || try == maxStale:
			return recordError("record what is made for", id, err)
		}
	}
}

func recordError(tried, id string, err error) error { return fmt.Errorf("%s %s: %w", tried, id, err) }

// journal is an entry's record while its chain is being changed, and what has
// changed in it: others may save the record meanwhile.
type journal struct {
	record  Record
	guard   *Guard     // as it was on record when it was last loaded or saved
	added   []Resource // made by this run, or found to be ours
	dropped []Resource // that are not there any more, or were never made
}

func newJournal(r Record) journal { return journal{record: r, guard: r.Guard.copied()} }

// add records a resource.
func (j *journal) add(m Resource) {
	j.record.Made, j.added, j.dropped = withMade(j.record.Made, m), withMade(j.added, m), withoutMade(j.dropped, m)
}

// forget takes a resource off the record.
func (j *journal) forget(m Resource) {
	j.record.Made, j.added, j.dropped = withoutMade(j.record.Made, m), withoutMade(j.added, m), withMade(j.dropped, m)
}

// forgetIntended takes off the record what was only going to be made.
func (j *journal) forgetIntended(m Resource) {
	if known := findMade(j.record.Made, m); known != nil && known.Pending {
		j.forget(*known)
	}
}

// mergeInto replaces a record with ours, together with what others have recorded
// meanwhile: what we had only intended to make may have been made by them.
func (j *journal) mergeInto(theirs *Record) bool {
	made := theirs.Made
	for _, m := range j.dropped {
		if known := findMade(made, m); known != nil && (known.Pending || !m.Pending) {
			made = withoutMade(made, m)
		}
	}
	for _, m := range j.added {
		if known := findMade(made, m); known == nil || !m.Pending {
			made = withMade(made, m)
		}
	}
	j.record.Made, j.record.Version = made, theirs.Version
	if !theirs.Guard.same(j.guard) { // they have checked the rule since, or have taken the key out
		j.record.Guard = theirs.Guard
	}
	*theirs = j.record
	return true
}
