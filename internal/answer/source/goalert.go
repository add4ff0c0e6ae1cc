package source

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// GoAlertQuery is the document that a key of GoAlert must be made with, letter
// by letter: GoAlert binds each key to one text. It holds both questions, so
// that one key is enough.
const GoAlertQuery = `query OnCall($service: ID!) {
  service(id: $service) {
    onCallUsers {
      userID
      userName
      stepNumber
    }
  }
}

query Person($user: ID!) {
  user(id: $user) {
    contactMethods {
      dest {
        type
        args
      }
      disabled
      pending
    }
  }
}`

// goAlertVoice is the type of contact methods that are called.
const goAlertVoice = "builtin-twilio-voice"

// GoAlertConfig says which service of which GoAlert is asked.
type GoAlertConfig struct {
	URL     string        // of the GoAlert, such as https://goalert.example.net
	Key     Secret        // an API key made with GoAlertQuery, of the role admin: others do not see numbers
	Service string        // the identifier of a service, a UUID
	Client  *fetch.Client // default: one of public addresses alone

	// CallingCode is that of the country, such as 31, to which numbers belong
	// that do not say theirs; empty: they have to.
	CallingCode string
}

// GoAlert asks a GoAlert who is on call for a service, and for the numbers of
// those who are: one request, and one for each person that it has not asked
// about for ten minutes. A step of the escalation policy is a level. It does
// not tell until when.
type GoAlert struct {
	ask      *asker
	service  string
	home     string // a calling code; see GoAlertConfig
	contacts contacts
}

// NewGoAlert returns a source. It asks nothing. Its error is a *fault.Error
// with the code fault.Invalid.
func NewGoAlert(c GoAlertConfig) (*GoAlert, error) {
	const name = "GoAlert"
	if c.URL == "" {
		return nil, fault.Newf(fault.Invalid, "no address of %s is given", name).
			WithHint("give the address at which people open it, such as https://goalert.example.net")
	}
	if err := checkID(name, "service", c.Service); err != nil {
		return nil, err
	}
	ask, err := vendor{kind: KindGoAlert, name: name, url: c.URL, key: c.Key, scheme: "Bearer ", client: c.Client}.asker()
	if err != nil {
		return nil, err
	}
	return &GoAlert{ask: ask, service: c.Service, home: c.CallingCode}, nil
}

// goAlertRequest is a request as GraphQL over HTTP has it.
type goAlertRequest struct {
	Query     string            `json:"query"`
	Operation string            `json:"operationName"`
	Variables map[string]string `json:"variables"`
}

type goAlertError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// goAlertOnCall is somebody on call for a service.
type goAlertOnCall struct {
	ID   string `json:"userID"`
	Name word   `json:"userName"`
	Step *int   `json:"stepNumber"` // 0 is the first
}

// goAlertMethod is a way to reach somebody.
type goAlertMethod struct {
	Dest struct {
		Type string          `json:"type"`
		Args map[string]word `json:"args"`
	} `json:"dest"`
	Disabled bool `json:"disabled"`
	Pending  bool `json:"pending"` // not confirmed yet
}

// Fetch asks who is on call now.
func (g *GoAlert) Fetch(ctx context.Context) (Snapshot, error) {
	r := g.ask.roster()
	var data struct {
		Service *struct {
			Users *[]json.RawMessage `json:"onCallUsers"`
		} `json:"service"`
	}
	answer, err := g.query(ctx, "OnCall", map[string]string{"service": g.service}, &data)
	switch {
	case err != nil:
		return Snapshot{}, err
	case data.Service == nil:
		return Snapshot{}, g.ask.wrong("check the identifier of the service", "%s has no such service", g.ask.where())
	case data.Service.Users == nil:
		return Snapshot{}, g.ask.changed("the service has no onCallUsers")
	}
	r.compareClocks(answer)
	err = onCalls(r, *data.Service.Users, func(user goAlertOnCall) (person Person, mark string, err error) {
		switch {
		case !isPlain(user.ID):
			return person, "", g.ask.changed("somebody on call has no userID")
		case user.Step == nil || *user.Step < 0:
			return person, "", g.ask.changed("somebody on call has no stepNumber")
		}
		person = Person{ID: user.ID, Name: cmp.Or(string(user.Name), user.ID), Level: *user.Step + 1}
		return person, person.Name, nil
	})
	if err != nil {
		return Snapshot{}, err
	}
	return r.withContacts(ctx, &g.contacts, g.contact)
}

// contact asks for one person's numbers.
func (g *GoAlert) contact(ctx context.Context, s subject) (contact, error) {
	var data struct {
		User *struct {
			Methods *[]json.RawMessage `json:"contactMethods"`
		} `json:"user"`
	}
	_, err := g.query(ctx, "Person", map[string]string{"user": s.id}, &data)
	switch {
	case err != nil:
		return contact{}, err
	case data.User == nil:
		e := g.ask.wrong("", "%s does not know this person any more", g.ask.where())
		e.Status = http.StatusNotFound
		return contact{}, e
	case data.User.Methods == nil:
		return contact{}, g.ask.changed("a user has no contactMethods")
	}
	return contactOf(g.ask, s, *data.User.Methods, "a contact method", func(n *numbers, m goAlertMethod) error {
		if m.Dest.Type != goAlertVoice || m.Disabled || m.Pending {
			return nil
		}
		number := string(cmp.Or(m.Dest.Args["phone_number"], m.Dest.Args["phone-number"])) // the latter until version 0.33
		e164, ok := atHome(number, g.home)
		n.add(e164, ok, number)
		return nil
	})
}

// query sends one of the questions of GoAlertQuery and reads its data.
func (g *GoAlert) query(ctx context.Context, operation string, variables map[string]string, into any) (*fetch.Response, error) {
	body, err := json.Marshal(goAlertRequest{Query: GoAlertQuery, Operation: operation, Variables: variables})
	if err != nil {
		return nil, err
	}
	answer, err := g.ask.sendRequest(ctx, fetch.Request{
		Method: http.MethodPost,
		URL:    g.ask.urlOf("/api/graphql", nil),
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}},
		Body:   body,
	})
	if err != nil {
		return nil, err
	}
	// A question that is not allowed may come with 422 and the reason in JSON.
	if answer.Status != http.StatusOK && answer.Status != http.StatusUnprocessableEntity {
		return nil, g.ask.refused(answer)
	}
	var whole struct {
		Data   json.RawMessage `json:"data"`
		Errors []goAlertError  `json:"errors"`
	}
	if err := g.ask.decode(answer.Body, &whole); err != nil {
		return nil, err
	}
	if len(whole.Errors) > 0 {
		return nil, g.refused(whole.Errors[0], answer)
	}
	if answer.Status != http.StatusOK || len(whole.Data) == 0 || string(whole.Data) == "null" {
		return nil, g.ask.changed("it has no data")
	}
	return answer, g.ask.decode(whole.Data, into)
}

// refused explains an error of GraphQL, by its kind alone: what GoAlert says
// about a defect of its own may hold anything.
func (g *GoAlert) refused(met goAlertError, answer *fetch.Response) *Error {
	message := strings.ToLower(met.Message)
	var e *Error
	switch {
	case met.Extensions.Code == "invalid_query", strings.Contains(message, "wrong query"):
		e = g.ask.wrong("make a new key in GoAlert with the query that the page about on-call routing shows, letter by letter", "the key for %s is bound to another query", g.ask.where())
	case strings.Contains(message, "unauthorized"), strings.Contains(message, "access denied"), strings.Contains(message, "permission"):
		e = g.ask.wrong("make a key of the role admin: others see no numbers", "the key for %s may not read what was asked for", g.ask.where())
		e.Status = http.StatusForbidden
	case strings.Contains(message, "not found"), strings.Contains(message, "no rows"):
		e = g.ask.wrong("check the identifier of the service", "%s does not know what was asked for", g.ask.where())
		e.Status = http.StatusNotFound
	default:
		e = g.ask.fail("%s answered with an error of its own", g.ask.where())
		e.Status = answer.Status
	}
	return e
}
