package core

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// NumberSettings lead a number to a responder.
type NumberSettings struct {
	Number setting.Number `key:"number" example:"+12125551212" need:"item" doc:"The number that is called."`
	URL    ResponderURL   `key:"url" example:"https://hooks.example.net/menu" need:"item" doc:"The web responder that is asked."`
	Method Method         `key:"method" default:"GET" doc:"How it is asked: GET or POST."`
	Secret setting.Secret `key:"secret" doc:"What requests to it are signed with. Left out, they are not."`
	User   setting.Name   `key:"user" default:"domain" example:"8001" doc:"The user of the Core's domain who owns the calls: that user's dial plan decides where the responder's Forward leads, and that user's caller ID is shown there. domain is the one that each domain has by itself, with the domain's dial plan."`
}

// CheckNumbers reports numbers that cannot be called from outside, and those that two
// of the items lead, which stand in the section as number. Numbers without a country's
// code have the given one.
func CheckNumbers(numbers []NumberSettings, code setting.CallingCode) error {
	var problems []error
	first := make(map[string]int, len(numbers)) // the item with a number, by its key
	for i, one := range numbers {
		if one.Number == "" {
			continue // which is reported as missing
		}
		path := fmt.Sprintf("number.%d.number", i)
		n, err := one.number(phone.HomeOfCode(string(code)))
		if err != nil {
			problems = append(problems, setting.Problemf(path, "is no telephone number that can be called from outside; write it with a plus and the country's code, as in +12125551212"))
			continue
		}
		if other, taken := first[n.Key()]; taken {
			problems = append(problems, setting.Problemf(path, "is %s, as core.number.%d.number is; a number leads to one responder", phone.Mask(n.E164()), other))
			continue
		}
		first[n.Key()] = i
	}
	return errors.Join(problems...)
}

// number returns the number that is called.
func (s *NumberSettings) number(home phone.Home) (phone.Number, error) {
	return phone.Parse(string(s.Number), home)
}

// web returns the responder.
func (s *NumberSettings) web() dialplan.Web {
	return dialplan.Web{URL: s.URL.URL, Method: string(s.Method), Secret: dialplan.Secret(s.Secret.Reveal())}
}

// Method is how a responder is asked.
type Method string

// Choices returns the methods.
func (Method) Choices() []string { return setting.Words[Method](http.MethodGet, http.MethodPost) }

// ResponderURL is the address of a web responder. The zero value is none.
type ResponderURL struct{ *url.URL }

// UnmarshalText reads the address.
func (r *ResponderURL) UnmarshalText(text []byte) error {
	u, err := setting.WebAddress(string(text), "https", "http")
	switch {
	case err != nil:
		return err
	case u.User != nil:
		return setting.ErrPassword
	case u.Fragment != "":
		return errors.New("has a #, and what follows it is not sent")
	}
	r.URL = u
	return nil
}

// Takes says what a ResponderURL is.
func (ResponderURL) Takes() string {
	return `the web address of a responder, such as "https://hooks.example.net/menu"`
}

// IsSet reports whether there is one.
func (r ResponderURL) IsSet() bool { return r.URL != nil }
