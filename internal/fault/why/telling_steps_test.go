package why_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fault/why"
)

type code string

func (c code) Sentence() string {
	return map[code]string{
		"shut":  "It is closed[: $day].[ It opens $opens, says $who.]",
		"plain": "$who's time is ${time}h.",
	}[c]
}

type step = why.Step[code]

func TestStepsAreToldAsSentences(t *testing.T) {
	for name, c := range map[string]struct {
		step step
		want string
	}{
		"with arguments":           {step{"plain", why.Args{"who": "Ann", "time": "2"}}, "Ann's time is 2h."},
		"without one":              {step{"plain", why.Args{"who": "Ann"}}, "Ann's time is h."},
		"with no optional part":    {step{"shut", nil}, "It is closed."},
		"with one":                 {step{"shut", why.Args{"day": "a holiday"}}, "It is closed: a holiday."},
		"with half of the other":   {step{"shut", why.Args{"opens": "at 9"}}, "It is closed."},
		"with the other":           {step{"shut", why.Args{"opens": "at 9", "who": "Ben"}}, "It is closed. It opens at 9, says Ben."},
		"with marks in arguments":  {step{"plain", why.Args{"who": "$time [x]", "time": "2"}}, "$time [x]'s time is 2h."},
		"of a version to come":     {step{"later", why.Args{"who": "Ann"}}, "later"},
		"with no code, and no arg": {step{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.step.String(); got != c.want {
				t.Errorf("it reads %q, want %q", got, c.want)
			}
		})
	}
}

func TestStepsAreStoredByCodeAndArguments(t *testing.T) {
	const (
		stored = `[{"code":"plain","args":{"time":"2","who":"Ann"}},{"code":"shut"},"It was so, before there were codes."]`
		again  = `[{"code":"plain","args":{"time":"2","who":"Ann"}},{"code":"shut"},{"args":{"sentence":"It was so, before there were codes."}}]`
	)
	var steps []step
	for _, text := range []string{stored, again} {
		if err := json.Unmarshal([]byte(text), &steps); err != nil {
			t.Fatal(err)
		}
		want := []string{"Ann's time is 2h.", "It is closed.", "It was so, before there were codes."}
		if diff := cmp.Diff(want, why.Sentences(steps)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		written, err := json.Marshal(steps)
		if err != nil || string(written) != again {
			t.Errorf("it is written as %s, %v, want %s", written, err, again)
		}
	}
	if err := json.Unmarshal([]byte(`[3]`), &steps); err == nil {
		t.Error("a step that is a number is read")
	}
}
