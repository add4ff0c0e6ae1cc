package alerttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
)

// Ntfy is a server of ntfy with one topic, as its documentation describes it:
// https://docs.ntfy.sh/publish/#publish-as-json.
type Ntfy struct {
	URL string // of its topic

	t     testing.TB
	topic string
	token string // empty: anybody may publish
	taken chan Published
}

// Published is what was published.
type Published struct {
	Topic    string   `json:"topic"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"`
	Tags     []string `json:"tags"`
	Click    string   `json:"click"`
}

// NewNtfy starts one. It stops with the test.
func NewNtfy(t testing.TB, topic, token string) *Ntfy {
	t.Helper()
	n := &Ntfy{t: t, topic: topic, token: token, taken: make(chan Published, 100)}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	n.URL = server.URL + "/" + topic
	return n
}

// Taken returns the next message that was published.
func (n *Ntfy) Taken() Published {
	n.t.Helper()
	select {
	case p := <-n.taken:
		return p
	case <-n.t.Context().Done():
		n.t.Fatal("nothing was published")
		return Published{}
	}
}

var validTopic = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// ServeHTTP takes JSON at the root alone.
func (n *Ntfy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(code, status int, problem string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"code":%d,"http":%d,"error":%q,"link":"https://ntfy.sh/docs/publish/"}`, code, status, problem)
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.URL.RawQuery != "" {
		n.t.Errorf("ntfy takes JSON at / alone, not %s %s", r.Method, r.URL)
		refuse(40401, http.StatusNotFound, "page not found")
		return
	}
	if n.token != "" && r.Header.Get("Authorization") != "Bearer "+n.token {
		refuse(40301, http.StatusForbidden, "forbidden")
		return
	}
	var p Published
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		n.t.Errorf("ntfy cannot read it: %v", err)
		refuse(40024, http.StatusBadRequest, "invalid request: request body must be valid JSON")
		return
	}
	click, err := url.Parse(p.Click)
	switch {
	case !validTopic.MatchString(p.Topic) || p.Topic != n.topic:
		n.t.Errorf("the topic is %q", p.Topic)
	case p.Priority < 1 || p.Priority > 5:
		n.t.Errorf("the priority is %d", p.Priority)
	case len(p.Message) > 4096 || p.Message == "":
		n.t.Errorf("the message has %d bytes", len(p.Message))
	case err != nil || p.Click != "" && click.Scheme != "https" && click.Scheme != "http":
		n.t.Errorf("the click leads to %q", p.Click)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":"hwQ2YpKdmg","time":1635528741,"event":"message","topic":%q}`, p.Topic)
		n.taken <- p
		return
	}
	refuse(40000, http.StatusBadRequest, "invalid request")
}
