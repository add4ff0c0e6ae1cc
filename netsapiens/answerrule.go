package netsapiens

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// AnswerRule says what happens to calls for a user. There is one for each of
// the user's time frames, and "*" for the rest of the time.
type AnswerRule struct {
	TimeFrame     string  `json:"time-frame"` // default Any
	Enabled       string  `json:"enabled"`    // Yes or No; default Yes
	ForwardAlways Feature `json:"forward-always"`
}

func (r AnswerRule) known() bool { return r.TimeFrame != "" || r.Enabled != "" }

// Feature is one thing that an answer rule can do.
type Feature struct {
	Enabled    string   `json:"enabled"` // Yes or No
	Parameters []string `json:"parameters"`
}

// UnmarshalJSON reads a feature as phone systems write it: an empty one as an
// empty list or string, a single parameter without a list.
func (f *Feature) UnmarshalJSON(value []byte) error {
	*f = Feature{}
	var object struct {
		Enabled    string          `json:"enabled"`
		Parameters json.RawMessage `json:"parameters"`
	}
	if err := json.Unmarshal(asTexts(value), &object); err != nil {
		return nil //nolint:nilerr // not an object: the feature is not set
	}
	f.Enabled = object.Enabled
	var several []string
	var single string
	switch {
	case json.Unmarshal(object.Parameters, &several) == nil:
		f.Parameters = several
	case json.Unmarshal(object.Parameters, &single) == nil && single != "":
		f.Parameters = []string{single}
	}
	return nil
}

// ForwardAlways returns the rule that sends all calls to a destination, such
// as webresponder8001, at all times.
func ForwardAlways(to string) AnswerRule {
	return AnswerRule{TimeFrame: Any, Enabled: Yes, ForwardAlways: Feature{Enabled: Yes, Parameters: []string{to}}}
}

// Forwards reports whether the rule is on and sends all calls to this
// destination and nowhere else.
func (r AnswerRule) Forwards(to string) bool {
	return r.Enabled != No && r.ForwardAlways.Enabled == Yes &&
		len(r.ForwardAlways.Parameters) == 1 && r.ForwardAlways.Parameters[0] == to
}

// AnswerRule returns a user's answer rule for a time frame; Any is that for the
// rest of the time. An error is NotFound if there is none.
func (c *Client) AnswerRule(ctx context.Context, domain, user, timeFrame string) (AnswerRule, error) {
	return get[AnswerRule](ctx, c, "an answer rule", func() string { return "read the answer rule " + label(timeFrame) + " of " + userIn(domain, user) },
		"domains", domain, "users", user, "answerrules", timeFrame)
}

// Change says what a write found.
type Change string

// What a write can find.
const (
	Created Change = "created" // there was nothing before
	Updated Change = "updated" // what was there is changed
)

// SetAnswerRule writes the forward of a user's answer rule: it changes the rule
// of that time frame, and creates it if the phone system has none yet, or no
// longer has one. Other features of the rule stay as they are.
func (c *Client) SetAnswerRule(ctx context.Context, domain, user string, r AnswerRule) (Change, error) {
	r.TimeFrame, r.Enabled = cmp.Or(r.TimeFrame, Any), cmp.Or(r.Enabled, Yes)
	tried := func() string { return "set the answer rule " + label(r.TimeFrame) + " of " + userIn(domain, user) }
	if r.ForwardAlways.Enabled != No && len(r.ForwardAlways.Parameters) == 0 {
		return "", c.invalid(tried, errors.New("there is no destination to forward to"))
	}
	body := newAnswerRuleBody(r)
	update := func() error {
		return c.write(ctx, http.MethodPut, body, tried, "domains", domain, "users", user, "answerrules", r.TimeFrame)
	}
	err := update()
	if err == nil {
		return Updated, nil
	}
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusNotFound && !NotFound(err) {
		return "", err
	}
	create := body
	create.Synchronous = Yes
	err = c.write(ctx, http.MethodPost, create, tried, "domains", domain, "users", user, "answerrules")
	if AlreadyExists(err) {
		// The phone system has just made the rule, as it does for a new user:
		// now there is one to change.
		if err := update(); err != nil {
			return "", err
		}
		return Updated, nil
	}
	if err != nil {
		return "", err
	}
	return Created, nil
}

// answerRuleBody is what is sent of an answer rule.
type answerRuleBody struct {
	Synchronous   string  `json:"synchronous,omitempty"` // of a POST alone
	TimeFrame     string  `json:"time-frame"`
	Enabled       string  `json:"enabled"`
	Active        bool    `json:"is-active"` // expected, although it only says whether the time frame applies now
	ForwardAlways Feature `json:"forward-always"`
}

func newAnswerRuleBody(r AnswerRule) answerRuleBody {
	f := r.ForwardAlways
	f.Enabled = cmp.Or(f.Enabled, Yes)
	if f.Parameters == nil {
		f.Parameters = []string{}
	}
	return answerRuleBody{TimeFrame: r.TimeFrame, Enabled: r.Enabled, Active: true, ForwardAlways: f}
}
