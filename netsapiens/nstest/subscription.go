package nstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// everybody is the domain, user or reseller of a subscription to the
	// events of all.
	everybody = "*"

	// apiTime is how the API writes times, in UTC, and takes them.
	apiTime = "2006-01-02 15:04:05"

	// keyLife is how long a subscription lasts where nothing is said: as long
	// as an API key is valid, in years.
	keyLife = 20

	// postTimeout is how long a subscriber may take to answer a post. Only the
	// test waits.
	postTimeout = 10 * time.Second
)

// subscription is an event subscription, with the events that wait to be
// posted.
type subscription struct {
	fields  Object
	waiting []Object
}

func (b *subscription) text(name string) string {
	text, _ := b.fields[name].(string)
	return text
}

// wants says whether a subscription is to a model's events of a user.
func (b *subscription) wants(model, domain, user string) bool {
	return b.text("model") == model &&
		(b.text("domain") == everybody || b.text("domain") == domain) &&
		(b.text("user") == everybody || b.text("user") == user)
}

// Post is a post to the URL of a subscription.
type Post struct {
	URL    string
	Header http.Header
	Body   string
	Status int   // of the answer; 0 where none came
	Err    error // why none came
}

// failed says whether the API counts a post as an error.
func (p Post) failed() bool { return p.Err != nil || p.Status > http.StatusFound }

// SetNow gives the System a clock. Subscriptions end by it, and messages have
// their time from it. Without one it is time.Now.
func (s *System) SetNow(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = now
}

// Subscriptions returns the event subscriptions that have not ended, the
// oldest first, as the API shows them.
func (s *System) Subscriptions() []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shownSubscriptions(everybody)
}

// Posts returns what was posted to subscribers, in order.
func (s *System) Posts() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// PostEvents posts all events that wait, as the phone system does every few
// seconds: to each subscription an array of all that has happened since the
// last time. It returns when the subscribers have answered, with those posts
// that failed; their events are not posted again.
func (s *System) PostEvents() []Post {
	var failed []Post
	for _, b := range s.due() {
		p := s.post(b)
		s.mu.Lock()
		s.posts = append(s.posts, p)
		s.count(b.subscription, p)
		s.mu.Unlock()
		if p.failed() {
			failed = append(failed, p)
		}
	}
	return failed
}

// batch is what is posted to a subscription at once.
type batch struct {
	*subscription
	url, body string
}

// due takes the events that wait.
func (s *System) due() []batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropExpired()
	var all []batch
	for _, b := range s.subscriptions {
		if len(b.waiting) == 0 {
			continue
		}
		due := batch{b, b.text("post-url"), s.shows(b.waiting).body}
		b.waiting = nil
		all = append(all, due)
		if s.quirks.RepeatsEvents {
			all = append(all, due)
		}
	}
	return all
}

// post asks a subscriber to take a batch. Redirects are not followed.
func (s *System) post(b batch) Post {
	header := http.Header{"Content-Type": {"application/json"}, "X-Correlation-Id": {rand.Text()}}
	p := Post{URL: b.url, Header: header, Body: b.body}
	ctx, cancel := context.WithTimeout(context.Background(), postTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader([]byte(b.body)))
	if err != nil {
		p.Err = err
		return p
	}
	r.Header = header.Clone()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		p.Err = err
		return p
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)) // the status alone counts
	p.Status = resp.StatusCode
	return p
}

// count records the result of a post.
func (s *System) count(b *subscription, p Post) {
	status := "active"
	if p.failed() {
		status = "error"
		b.fields["error-count"] = counted(b.fields["error-count"]) + 1
	}
	b.fields["posts-count"] = counted(b.fields["posts-count"]) + 1
	b.fields["status"] = status
}

func counted(value any) int {
	n, _ := value.(int)
	return n
}

// happens queues an event for all who subscribed to it.
func (s *System) happens(model, domain, user string, event Object) {
	s.dropExpired()
	for _, b := range s.subscriptions {
		if b.wants(model, domain, user) {
			b.waiting = append(b.waiting, maps.Clone(event))
		}
	}
}

// dropExpired ends the subscriptions whose time is over.
func (s *System) dropExpired() {
	now := s.now()
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(b *subscription) bool {
		expires, err := time.Parse(apiTime, b.text("subscription-expires-datetime"))
		return err != nil || !now.Before(expires)
	})
}

func (s *System) now() time.Time {
	if s.clock == nil {
		return time.Now().UTC()
	}
	return s.clock().UTC()
}

// shownSubscriptions returns those of a domain, or of everybody.
func (s *System) shownSubscriptions(domain string) []Object {
	s.dropExpired()
	var all []Object
	for _, b := range s.subscriptions {
		if domain == everybody || b.text("domain") == domain {
			all = append(all, maps.Clone(b.fields))
		}
	}
	return all
}

func (s *System) listSubscriptions(in input) reply {
	domain := in.r.PathValue("domain")
	if domain == "" {
		return s.page(in, s.shownSubscriptions(everybody))
	}
	if d, missing := s.domain(in); d == nil {
		return missing
	}
	return s.page(in, s.shownSubscriptions(domain))
}

func (s *System) readSubscription(in input) reply {
	b, missing := s.subscription(in)
	if b == nil {
		return missing
	}
	return s.shows(b.fields)
}

func (s *System) createSubscription(in input) reply {
	domain := everybody
	if in.r.PathValue("domain") != "" {
		d, missing := s.domain(in)
		if d == nil {
			return missing
		}
		domain = in.r.PathValue("domain")
	}
	now := s.now()
	fields := Object{"domain": domain, "user": everybody, "reseller": everybody, "user-scope": "Office Manager", "subscription-geo-support": "yes",
		"preferred-server": "", "current-active-server": "", "status": "pending", "error-count": 0, "posts-count": 0,
		"subscription-creation-datetime": now.Format(apiTime),
		"subscription-expires-datetime":  now.AddDate(keyLife, 0, 0).Format(apiTime)}
	maps.Copy(fields, in.fields)
	s.dropExpired()
	for _, b := range s.subscriptions {
		if same(b.fields, fields, "model", "post-url", "domain", "user", "reseller") {
			return says(http.StatusConflict, "Subscription ID already Exists or matching set of parameters already exists")
		}
	}
	fields["id"] = strings.ToLower(rand.Text())
	s.subscriptions = append(s.subscriptions, &subscription{fields: fields})
	return s.shows(fields)
}

func same(a, b Object, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return a[name] != b[name] })
}

func (s *System) updateSubscription(in input) reply {
	b, missing := s.subscription(in)
	if b == nil {
		return missing
	}
	for name, value := range in.fields {
		if _, number := value.(float64); number {
			value = 0 // the only number that passes the check
		}
		b.fields[name] = value
	}
	return says(http.StatusAccepted, "Accepted")
}

func (s *System) deleteSubscription(in input) reply {
	gone, missing := s.subscription(in)
	if gone == nil {
		return missing
	}
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(b *subscription) bool { return b == gone })
	return says(http.StatusAccepted, "Accepted")
}

// subscription returns the one that a path names, or the answer that there is
// none.
func (s *System) subscription(in input) (*subscription, reply) {
	s.dropExpired()
	domain := in.r.PathValue("domain")
	for _, b := range s.subscriptions {
		if b.text("id") == in.r.PathValue("id") && (domain == "" || b.text("domain") == domain) {
			return b, reply{}
		}
	}
	return nil, says(http.StatusNotFound, "Subscription does not exist.")
}

// The forms of the fields of a subscription.
var (
	model = matches("a model of events", `agent|auditlog|auditlog_lite|call|call_origid|cdr|message|messagesession|subscriber|presence|voicemail`)

	webAddress = field{check: func(value any, _ input) string {
		text, ok := value.(string)
		u, err := url.Parse(text)
		if !ok || err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return "a URL with http or https"
		}
		return ""
	}}

	moment = field{check: func(value any, _ input) string {
		text, _ := value.(string)
		if _, err := time.Parse(apiTime, text); err != nil {
			return "a time as YYYY-MM-DD HH:MM:SS"
		}
		return ""
	}}

	zero = field{check: func(value any, _ input) string {
		if value != float64(0) {
			return "0, which resets it"
		}
		return ""
	}}

	// ofPath is the domain in the path, or where that has none any.
	ofPath = field{check: func(value any, in input) string {
		text, ok := value.(string)
		switch domain := in.r.PathValue("domain"); {
		case !ok || text == "":
			return "a domain"
		case domain != "" && domain != text:
			return "the domain of the path"
		}
		return ""
	}}

	newSubscription = fields{
		"model": model, "post-url": webAddress, "domain": maybe(ofPath), "user": maybe(text), "reseller": maybe(text),
		"subscription-expires-datetime": maybe(moment), "subscription-geo-support": maybe(yesNo), "preferred-server": maybe(text),
	}
	changedSubscription = fields{
		"model": maybe(model), "post-url": maybe(webAddress), "subscription-expires-datetime": maybe(moment), "error-count": maybe(zero), "posts-count": maybe(zero),
		"subscription-geo-support": maybe(yesNo), "preferred-server": maybe(text),
	}
)
