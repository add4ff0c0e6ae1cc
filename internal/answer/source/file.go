package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// maxFile bounds a rota in a file, in bytes: some ten thousand shifts.
const maxFile = 1 << 20

// FileConfig says which file is a rota.
type FileConfig struct {
	Path string         // JSON where it ends in .json, TOML else
	Zone *time.Location // of times without an offset, where the file names none; default: that of this machine

	// CallingCode is that of the country in which numbers are dialled as they are
	// written, such as 31. Empty: numbers have their country's code.
	CallingCode string
}

// File reads a rota from a file of one's own, and again when it changes:
//
//	zone = "Europe/Amsterdam"
//
//	[[person]]
//	id = "alice"
//	name = "Alice"                  # default: the id
//	email = "alice@example.net"     # not needed
//	numbers = ["+31611111111"]      # or extensions, the preferred one first; a local map may give them instead
//
//	[[shift]]                       # every third week, from Monday to Monday
//	people = ["alice"]              # by id, in the order in which they are asked
//	start = 2026-11-02T09:00:00     # a time without an offset is one of the zone
//	end = 2026-11-09T09:00:00
//	repeat = "FREQ=WEEKLY;INTERVAL=3"
//
//	[[shift]]                       # always, if nobody of level 1 answers
//	people = ["bob"]
//	level = 2                       # default 1
//
// A shift without a start has always been, one without an end lasts for good.
// What repeat holds is a rule of a calendar (RFC 5545, section 3.3.10), or one
// of the words daily, weekly and weekdays; a shift that repeats has a start
// and an end. A file without shifts has everybody on call, in order, on
// level 1. In JSON the same names stand in an object with the lists person and
// shift; times are texts there. A key that is not one of these is an error.
type File struct {
	config FileConfig

	mu   sync.Mutex
	rota rota
}

// NewFile returns a source. It reads nothing. Its error is a *fault.Error with
// the code fault.Invalid.
func NewFile(c FileConfig) (*File, error) {
	if c.Path == "" {
		return nil, fault.Newf(fault.Invalid, "no file with a rota is given").
			WithHint("give the path of a TOML or JSON file with people and shifts")
	}
	if c.Zone == nil {
		c.Zone = time.Local
	}
	return &File{config: c}, nil
}

// Fetch returns who is on call by the file now.
func (f *File) Fetch(ctx context.Context) (Snapshot, error) { return f.FetchAt(ctx, time.Now()) }

// FetchAt returns who is on call by the file at a time.
func (f *File) FetchAt(ctx context.Context, t time.Time) (Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, stamp, err := readIfChanged(f.config.Path, f.rota.stamp, maxFile)
	if err != nil {
		return Snapshot{}, fileError(KindFile, f.config.Path, err)
	}
	if data != nil || f.rota.calendar == nil {
		read, err := parseRota(data, filepath.Ext(f.config.Path) == ".json", f.config.Zone, f.config.CallingCode)
		if err != nil {
			return Snapshot{}, &Error{Source: KindFile, Code: fault.Invalid, Message: f.config.Path + ": " + err.Error(), Hint: "fix the file; it is read again when it changes"}
		}
		f.rota = rota{calendar: read, stamp: stamp}
	}
	return f.rota.calendar.snapshot(ctx, KindFile, "rota", t)
}

// fileRota is what a file holds.
type fileRota struct {
	Zone   string       `toml:"zone" json:"zone"`
	People []filePerson `toml:"person" json:"person"`
	Shifts []fileShift  `toml:"shift" json:"shift"`
}

type filePerson struct {
	ID      string   `toml:"id" json:"id"`
	Name    string   `toml:"name" json:"name"`
	Email   string   `toml:"email" json:"email"`
	Numbers []string `toml:"numbers" json:"numbers"`
}

type fileShift struct {
	People []string `toml:"people" json:"people"`
	Level  *int     `toml:"level" json:"level"`
	Start  any      `toml:"start" json:"start"` // a text, or a time of TOML
	End    any      `toml:"end" json:"end"`
	Repeat string   `toml:"repeat" json:"repeat"`
}

// parseRota reads a rota. Its error says what is wrong, and where.
func parseRota(data []byte, isJSON bool, zone *time.Location, callingCode string) (*calendar, error) {
	var in fileRota
	if err := decodeRota(data, isJSON, &in); err != nil {
		return nil, err
	}
	if in.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(in.Zone); err != nil || in.Zone == "Local" {
			return nil, fmt.Errorf("the time zone %s is not known", label(in.Zone))
		}
	}
	out := &calendar{}
	people := make(map[string]Person, len(in.People))
	for i, p := range in.People {
		p.ID = plaintext.Compose(p.ID)
		if p.ID == "" {
			return nil, fmt.Errorf("person %d has no id", i+1)
		}
		if _, ok := people[p.ID]; ok {
			return nil, fmt.Errorf("there are two people with the id %s", label(p.ID))
		}
		n := numbers{person: cmp.Or(p.Name, p.ID)}
		for _, number := range p.Numbers {
			e164, ok := atHome(number, callingCode)
			if !ok && isExtension(number) {
				e164, ok = number, true
			}
			n.add(e164, ok, number)
		}
		out.oddities = append(out.oddities, n.oddities...)
		people[p.ID] = Person{ID: p.ID, Name: cmp.Or(p.Name, p.ID), Email: p.Email, Numbers: n.list}
	}
	if len(in.Shifts) == 0 {
		all := fileShift{}
		for _, p := range in.People {
			all.People = append(all.People, p.ID)
		}
		if len(all.People) > 0 {
			in.Shifts = []fileShift{all}
		}
	}
	for i, given := range in.Shifts {
		s, err := given.shift(people, zone)
		s.what = fmt.Sprintf("shift %d", i+1)
		if err != nil {
			return nil, fmt.Errorf("shift %d: %w", i+1, err)
		}
		out.shifts = append(out.shifts, s)
	}
	return out, nil
}

// isExtension reports whether a number is one within the phone system, which
// only those who run it can know.
func isExtension(number string) bool {
	const shortest, longest = 2, 6
	return len(number) >= shortest && len(number) <= longest && strings.Trim(number, "0123456789") == "" && number[0] != '0'
}

// decodeRota reads TOML or JSON, and refuses keys that are not known.
func decodeRota(data []byte, isJSON bool, into *fileRota) error {
	data = plaintext.Decode(data)
	if !isJSON {
		d := toml.NewDecoder(bytes.NewReader(data))
		return tomlError(d.DisallowUnknownFields().Decode(into))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.Decode(new(any)) != io.EOF {
		err = errors.New("something follows the object")
	}
	kind, isKind := errors.AsType[*json.UnmarshalTypeError](err)
	syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case err == nil:
		return nil
	case isKind:
		return fmt.Errorf("%s is %s", cmp.Or(kind.Field, "the whole"), article(kind.Value))
	case isSyntax:
		return fmt.Errorf("line %d is not JSON", 1+bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n")))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errHalf
	default:
		return fmt.Errorf("%s", strings.TrimPrefix(label(err.Error()), "json: "))
	}
}

// tomlError says where a TOML file is wrong.
func tomlError(err error) error {
	missing, isMissing := errors.AsType[*toml.StrictMissingError](err)
	decode, isDecode := errors.AsType[*toml.DecodeError](err)
	switch {
	case err == nil:
		return nil
	case isMissing && len(missing.Errors) > 0:
		row, _ := missing.Errors[0].Position()
		return fmt.Errorf("line %d: there is no key %s", row, label(strings.Join(missing.Errors[0].Key(), ".")))
	case isDecode:
		row, _ := decode.Position()
		return fmt.Errorf("line %d: %s", row, label(strings.TrimPrefix(decode.Error(), "toml: ")))
	default:
		return fmt.Errorf("%s", label(strings.TrimPrefix(err.Error(), "toml: ")))
	}
}

// When a shift without a start or an end begins or ends: farther than any rota
// reaches, and no farther apart than a time.Duration can be.
var (
	everBefore = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)
	everAfter  = time.Date(2250, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// shift reads a shift.
func (f fileShift) shift(people map[string]Person, zone *time.Location) (shift, error) {
	level := 1
	if f.Level != nil {
		level = *f.Level
	}
	if level < 1 {
		return shift{}, fmt.Errorf("the level is %d; levels count from 1", level)
	}
	s := shift{open: f.Start == nil, lasting: f.End == nil}
	if len(f.People) == 0 {
		return shift{}, errors.New("it has no people")
	}
	for _, id := range f.People {
		p, ok := people[plaintext.Compose(id)]
		if !ok {
			return shift{}, fmt.Errorf("there is no person with the id %s", label(id))
		}
		p.Level = level
		s.people = append(s.people, p)
	}
	start, end := fileMoment{at: everBefore}, fileMoment{at: everAfter}
	var err error
	if f.Start != nil {
		if start, err = fileTime(f.Start, zone); err != nil {
			return shift{}, fmt.Errorf("start %w", err)
		}
	}
	if f.End != nil {
		if end, err = fileTime(f.End, zone); err != nil {
			return shift{}, fmt.Errorf("end %w", err)
		}
	}
	if !end.at.After(start.at) && !end.wall.After(start.wall) { // one in the gap of a clock that is put forward is no mistake
		return shift{}, errors.New("it ends before it begins")
	}
	s.first, s.begin = moment{wall: start.wall, zone: zone}, start.at
	if f.Repeat == "" {
		s.lasts = length{exact: end.at.Sub(start.at)}
		return s, nil
	}
	lasts := end.wall.Sub(start.wall)
	switch {
	case s.open || s.lasting:
		return shift{}, errors.New("what repeats needs a start and an end")
	case lasts > maxTurn:
		return shift{}, fmt.Errorf("a turn that repeats lasts %s at most", span(maxTurn))
	}
	s.lasts = length{wall: lasts}
	rule, notes, err := parseRule(ruleOf(f.Repeat), s.first)
	if err == nil && len(notes) > 0 {
		err = fmt.Errorf("it has a part that is not known: %s", label(notes[0]))
	}
	if err != nil {
		return shift{}, fmt.Errorf("repeat: %w", err)
	}
	s.rules = append(s.rules, rule)
	return s, nil
}

// ruleOf returns the rule that a word stands for.
func ruleOf(repeat string) string {
	switch strings.ToLower(repeat) {
	case "daily":
		return "FREQ=DAILY"
	case "weekly":
		return "FREQ=WEEKLY"
	case "weekdays":
		return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
	}
	return repeat
}

// fileMoment is a time of a file, as such and on the clock of its zone.
type fileMoment struct{ at, wall time.Time }

// fileTime reads a time as TOML has it, or as a text. One without an offset is
// one of the zone; what repeats does so on the zone's clock.
func fileTime(value any, zone *time.Location) (fileMoment, error) {
	exact := func(at time.Time) (fileMoment, error) { return fileMoment{at.In(zone), hours.Wall(at.In(zone))}, nil }
	onWall := func(wall time.Time) (fileMoment, error) { return fileMoment{hours.Instant(wall, zone), wall}, nil }
	switch v := value.(type) {
	case time.Time:
		return exact(v)
	case toml.LocalDateTime:
		return onWall(v.AsTime(time.UTC))
	case toml.LocalDate:
		return onWall(v.AsTime(time.UTC))
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return exact(at)
		}
		for _, form := range [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
			if wall, err := time.Parse(form, v); err == nil {
				return onWall(wall)
			}
		}
	}
	return fileMoment{}, errors.New("is not a time, such as 2026-11-02T09:00:00")
}
