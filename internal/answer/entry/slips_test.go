package entry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

func remarksOf(t *testing.T, object string) []string {
	t.Helper()
	f := open(t, `{"a": `+object+`}`)
	var all []string
	for _, remark := range f.Remarks() {
		if _, is := errors.AsType[*entry.Remark](remark); !is {
			t.Errorf("%v is no remark", remark)
		}
		all = append(all, strings.TrimPrefix(remark.Error(), "a: "))
	}
	return all
}

func TestFieldsThatAreNotKnownAreRemarkedOn(t *testing.T) {
	for object, want := range map[string][]string{
		`{}`:                                     nil,
		`{"mesage": "x"}`:                        {"the field mesage is not known; is message meant?"},
		`{"MESSAGE": "x"}`:                       {"the field MESSAGE is not known; is message meant?"},
		`{"from-number": "1"}`:                   {"the field from-number is not known; is from_number meant?"},
		`{"fromNumber": "1"}`:                    {"the field fromNumber is not known; is from_number meant?"},
		`{"timezone": "UTC"}`:                    {"the field timezone is not known; is time_zone meant?"},
		`{"button_text": "x"}`:                   {"the field button_text is not known; is branding.button_text meant?"},
		`{"closed": "x"}`:                        {"the field closed is not known; is messages.closed meant?"},
		`{"notes": {"message": "x"}}`:            {"the field notes is not known"},
		`{"messages": {"Open": "x"}}`:            {"the field messages.Open is not known; is messages.open meant?"},
		`{"messages": {"message": ""}}`:          {"the field messages.message is not known; is message meant?"},
		`{"messages": {}}`:                       nil,
		`{"texts": {"sent": "x", "zz": "y"}}`:    {"the field texts.zz is not known"},
		`{"branding": {"colour": "x"}}`:          {"the field branding.colour is not known"},
		`{"limits": {"per_day": 1}}`:             {"the field limits.per_day is not known"},
		`{"user": "2000.0", "queue": "9002.00"}`: {`the field user is "2000.0"; is 2000 meant?`, `the field queue is "9002.00"; is 9002 meant?`},
		`{"a\nb\u001b[0m": 1}`:                   {"the field a�b�[0m is not known"},
		`{"key": "fifteen-letters"}`:             {"the field key has fewer than 16 characters, and can be guessed; openssl rand -hex 16 makes one that cannot"},
		`{"": 1}`:                                {"the field  is not known"},
		`{"hours": {"mon": ["09:00-17:00"]}, "holidays": ["2026-12-25"], "key": "a-key-of-16-char", "regions": ["US"], "origins": ["https://example.net"], "allow_from": ["192.0.2.1"], "language": "en", "consent_key": "1"}`: nil,
	} {
		object = strings.ReplaceAll(object, "\n", `\n`)
		if diff := cmp.Diff(want, remarksOf(t, object)); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", object, diff)
		}
	}
}

func TestManyEntriesWithOneSlipAreOneRemark(t *testing.T) {
	f := open(t, `{"g": {"x": 1}, "f": {"x": 1}, "e": {"x": 1}, "d": {"x": 1}, "c": {"x": 1}, "b": {"x": 1}, "a": {"x": 1, "y": 1}}`)
	var got []string
	for _, remark := range f.Remarks() {
		got = append(got, remark.Error())
	}
	if diff := cmp.Diff([]string{"a, b, c, d, e and 2 more: the field x is not known", "a: the field y is not known"}, got); diff != "" {
		t.Errorf("remarks (- want, + got):\n%s", diff)
	}
}

// TestOnlyWhatIsNewIsRemarkedOn has a file that is edited.
func TestOnlyWhatIsNewIsRemarkedOn(t *testing.T) {
	f := open(t, "{}")
	var told []string
	file, err := entry.Open(f.path, func(err error) { told = append(told, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ text, says string }{
		{`{"a": {"mesage": "x"}}`, "a: the field mesage is not known; is message meant?"},
		{`{"a": {"mesage": "y"}}`, ""},
		{`{"a": {"mesage": "y"}, "b": {"mesage": "y"}}`, "b: the field mesage is not known; is message meant?"},
		{`{"a": {"mesage": 7}, "b": {}}`, ""},
		{`{"b": {"usr": 1}}`, "b: the field usr is not known; is user meant?"},
		{`{"a": {"mesage": 7}, "b": {"usr": 1}}`, "a: the field mesage is not known; is message meant?"}, // it was gone
	} {
		told = nil
		f.write(step.text)
		file.Get("a")
		file.Get("a")
		if got := strings.Join(told, "\n"); got != step.says {
			t.Errorf("%s: %q, want %q", step.text, got, step.says)
		}
	}
}

func TestTheTextOfAnImportIsExamined(t *testing.T) {
	for text, want := range map[string][]string{
		"":                  nil,
		`{"a": {}}`:         nil,
		"\uFEFF{\"a\": {}}": nil,
		"\uFEFF{\n\"a\": {},\n\"a\": {},\n\"\\u0061\": {}}": {`the id "a" stands 3 times, on lines 2, 3 and 4: the one on line 4 counts`},
		`{"a": {}, "a": {}}`:                {`the id "a" stands twice, on lines 1 and 1: the one on line 1 counts`},
		`{"Ünï": {}, "": {}}`:               {`the id "Ünï" is not 1 to 100 letters, digits, full stops, underscores or hyphens: forms refuse it`, `the id "" is not 1 to 100 letters, digits, full stops, underscores or hyphens: forms refuse it`},
		`{"a": {"x": {"a": 1}}}`:            {"a: the field x is not known"},
		`{"a": {"user": "1", "user": "2"}}`: {"a: the field user stands twice; the last one counts"},
	} {
		if diff := cmp.Diff(want, entry.Examine([]byte(text))); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", text, diff)
		}
	}
}
