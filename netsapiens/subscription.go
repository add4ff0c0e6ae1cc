package netsapiens

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The models of event subscriptions that have to do with calls and texts: what
// a phone system posts of. ParseMessageEvents reads those of ModelMessage.
const (
	ModelMessage = "message" // texts, in and out
	ModelCall    = "call"    // calls while they last
	ModelCDR     = "cdr"     // records of calls that have ended
)

// What Subscription.Status says.
const (
	StatusPending = "pending" // nothing has been posted yet
	StatusActive  = "active"  // posts are taken
	StatusError   = "error"   // posts failed
)

// Subscription makes the phone system post what happens to a URL, as a JSON
// array. It ends at Expires unless it is renewed.
type Subscription struct {
	ID       string // given by the phone system
	Model    string // what is posted, such as ModelMessage
	PostURL  string // where to
	Reseller string // whose events; Any: everybody's
	Domain   string // the same; Any: of all domains, which needs a super user's token
	User     string // the same; default Any

	Created time.Time // given by the phone system
	Expires time.Time // default: as long as the token is valid, 20 years for an API key

	// Given by the phone system: how posting goes. A post fails if the URL
	// cannot be reached, or answers with a status above 302.
	Status string // StatusPending, StatusActive or StatusError
	Errors int    // posts that failed since the last reset
	Posts  int    // posts since the last reset, failed ones too
}

func (s Subscription) known() bool { return s.ID != "" }

// UnmarshalJSON reads a subscription as phone systems write it. What is odd in
// it is left empty.
func (s *Subscription) UnmarshalJSON(value []byte) error {
	var texts struct {
		ID       string `json:"id"`
		Model    string `json:"model"`
		PostURL  string `json:"post-url"`
		Reseller string `json:"reseller"`
		Domain   string `json:"domain"`
		User     string `json:"user"`
		Created  string `json:"subscription-creation-datetime"`
		Expires  string `json:"subscription-expires-datetime"`
		Status   string `json:"status"`
		Errors   string `json:"error-count"`
		Posts    string `json:"posts-count"`
	}
	_ = json.Unmarshal(asTexts(value), &texts) // known says whether it is one
	*s = Subscription{
		ID: texts.ID, Model: texts.Model, PostURL: texts.PostURL,
		Reseller: texts.Reseller, Domain: texts.Domain, User: texts.User,
		Created: parseTime(texts.Created), Expires: parseTime(texts.Expires),
		Status: texts.Status, Errors: count(texts.Errors), Posts: count(texts.Posts),
	}
	return nil
}

// count reads a number of times, 0 where it is none.
func count(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// Subscriptions returns the event subscriptions of a domain; with Any those of
// the whole phone system, which needs a super user's token.
func (c *Client) Subscriptions(ctx context.Context, domain string) iter.Seq2[Subscription, error] {
	return list[Subscription](ctx, c, "event subscriptions", func() string { return "read the event subscriptions of " + everyOr(domain) },
		subscriptionsOf(domain)...)
}

// CreateSubscription subscribes to the events of s.Domain, or with Any to those
// of all domains. It returns the subscription as the phone system shows it. Its
// ID is empty if the phone system accepted it without showing it: then find it
// with Subscriptions. An error is AlreadyExists if there is one of the same
// model, URL, domain and user.
func (c *Client) CreateSubscription(ctx context.Context, s Subscription) (Subscription, error) {
	k := call{method: http.MethodPost, tried: func() string {
		return "subscribe to events (" + label(s.Model) + ") of " + everyOr(s.Domain)
	}}
	err := checkSubscription(s.Model, s.PostURL)
	if err == nil {
		k.path, err = path(subscriptionsOf(s.Domain)...)
	}
	if err != nil {
		return Subscription{}, c.invalid(k.tried, err)
	}
	k.body = struct {
		Model    string `json:"model"`
		PostURL  string `json:"post-url"`
		Reseller string `json:"reseller,omitempty"`
		Domain   string `json:"domain"`
		User     string `json:"user"`
		Expires  string `json:"subscription-expires-datetime,omitempty"`
	}{s.Model, s.PostURL, s.Reseller, s.Domain, cmp.Or(s.User, Any), formatTime(s.Expires)}
	a, err := c.do(ctx, k)
	if err != nil {
		return Subscription{}, err
	}
	if shown, ok := one[Subscription](a.body); ok {
		return shown, nil
	}
	s.ID = "" // taken, and not shown
	return s, nil
}

// SubscriptionChange is what ChangeSubscription changes. What is zero stays.
type SubscriptionChange struct {
	PostURL     string
	Expires     time.Time // renews the subscription
	ResetCounts bool      // sets Errors and Posts to 0
}

// ChangeSubscription changes the subscription with an ID that Subscriptions
// gave; domain is the one it is of, or Any. An error is NotFound if it is
// gone, as it is some time after it has expired: then create it again.
func (c *Client) ChangeSubscription(ctx context.Context, domain, id string, change SubscriptionChange) error {
	tried := func() string { return "change an event subscription of " + everyOr(domain) }
	if change == (SubscriptionChange{}) {
		return c.invalid(tried, errors.New("there is nothing to change"))
	}
	if change.PostURL != "" {
		if err := checkSubscription(ModelMessage, change.PostURL); err != nil {
			return c.invalid(tried, err)
		}
	}
	var zero *int
	if change.ResetCounts {
		zero = new(int)
	}
	return c.write(ctx, http.MethodPut, struct {
		PostURL string `json:"post-url,omitempty"`
		Expires string `json:"subscription-expires-datetime,omitempty"`
		Errors  *int   `json:"error-count,omitempty"` // 0 is the only value that the API takes
		Posts   *int   `json:"posts-count,omitempty"`
	}{change.PostURL, formatTime(change.Expires), zero, zero}, tried, append(subscriptionsOf(domain), id)...)
}

// DeleteSubscription ends a subscription; domain is the one it is of, or Any.
func (c *Client) DeleteSubscription(ctx context.Context, domain, id string) error {
	var body any
	if domain == Any { // of the two calls the one without a domain in its path repeats the id
		body = struct {
			ID string `json:"subscription_id"`
		}{id}
	}
	return c.write(ctx, http.MethodDelete, body, func() string { return "delete an event subscription of " + everyOr(domain) },
		append(subscriptionsOf(domain), id)...)
}

// subscriptionsOf returns the path of a domain's subscriptions, or with Any of
// all.
func subscriptionsOf(domain string) []string {
	if domain == Any {
		return []string{"subscriptions"}
	}
	return []string{"domains", domain, "subscriptions"}
}

func everyOr(domain string) string {
	if domain == Any {
		return "all domains"
	}
	return label(domain)
}

func checkSubscription(model, postURL string) error {
	if model == "" {
		return errors.New("the model of the events is empty")
	}
	// The URL may hold a key, and is not repeated.
	u, err := url.Parse(postURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return errors.New("the URL that events are to be posted to is not one")
	}
	return nil
}

// formatTime writes a time as the API takes it; "" for none.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(apiTime)
}
