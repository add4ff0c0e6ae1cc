package alert

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
)

// ntfy publishes alerts to a topic: https://docs.ntfy.sh/publish/#publish-as-json.
type ntfy struct {
	server *url.URL // JSON is published to the root
	topic  string
	token  setting.Secret
	here   string // the address of this server; empty: unknown
	client Client
}

func newNtfy(address string, client Client) (*ntfy, error) {
	to, err := webAddress(address, "ntfy")
	if err != nil {
		return nil, err
	}
	topic := strings.Trim(to.Path, "/")
	if topic == "" || strings.Contains(topic, "/") {
		return nil, fault.Newf(fault.Invalid, "alerts.ntfy names no topic").WithHint("write the address of the topic, such as https://ntfy.sh/a-name-that-nobody-guesses")
	}
	server := *to
	server.Path, server.RawPath, server.RawQuery, server.Fragment = "/", "", "", ""
	return &ntfy{server: &server, topic: topic, client: client}, nil
}

func (*ntfy) Name() string   { return "ntfy" }
func (n *ntfy) Host() string { return n.server.Host }

// published is what ntfy takes. A message of more than 4096 bytes would become an
// attachment.
type published struct {
	Topic    string   `json:"topic"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"` // 1 to 5; 3 is the default
	Tags     []string `json:"tags"`
	Click    string   `json:"click,omitempty"`
}

const (
	maxNtfyMessage = 4096
	normalPriority = 3
	highPriority   = 4 // long vibration, and a sound
)

// Send publishes a message.
func (n *ntfy) Send(ctx context.Context, m Message) *Problem {
	p := published{Topic: n.topic, Title: m.Title, Message: m.What, Priority: highPriority, Tags: []string{"warning", string(m.Kind)}, Click: n.here}
	if m.Do != "" {
		p.Message += "\n\n" + m.Do
	}
	if m.Resolved {
		p.Priority, p.Tags[0] = normalPriority, "white_check_mark"
	}
	p.Message = clipBytes(p.Message, maxNtfyMessage)
	header := http.Header{}
	if n.token.IsSet() {
		header.Set("Authorization", "Bearer "+n.token.Reveal())
	}
	return post(ctx, n.client, n.server, header, p)
}

// clipBytes returns at most so many bytes of a text, without half a character.
func clipBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}
