package dialplan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

func TestTranslations(t *testing.T) {
	from := dialplan.URI{Name: "Bob", Scheme: "sip", User: "1001", Host: "example.net"}
	to := dialplan.URI{Scheme: "sip", User: "611", Host: "example.net"}
	owner := dialplan.User{Domain: "own.example", CallerIDName: "Shop", CallerID: "12125550100"}
	for _, c := range []struct {
		name        string
		translation dialplan.Translation
		from, to    dialplan.URI
	}{
		{"nothing said", dialplan.Translation{}, from, to},
		{
			"all kept",
			dialplan.Translation{
				DestinationScheme: "[*]", DestinationUser: "[*]", DestinationHost: "[*]",
				SourceName: "[*]", SourceScheme: "[*]", SourceUser: "[*]", SourceHost: "[*]",
			},
			from, to,
		},
		{
			"literals around what was",
			dialplan.Translation{SourceName: "sales_[*]", DestinationUser: "9[*]#"},
			dialplan.URI{Name: "sales_Bob", Scheme: "sip", User: "1001", Host: "example.net"},
			dialplan.URI{Scheme: "sip", User: "9611#", Host: "example.net"},
		},
		{
			"tokens of the owner",
			dialplan.Translation{DestinationHost: "<OwnDomain>", SourceHost: "pbx.<OwnDomain>", SourceName: "<OwnCidName>", SourceUser: "<OwnCidNmbr>"},
			dialplan.URI{Name: "Shop", Scheme: "sip", User: "12125550100", Host: "pbx.own.example"},
			dialplan.URI{Scheme: "sip", User: "611", Host: "own.example"},
		},
		{
			"no scheme",
			dialplan.Translation{DestinationScheme: "<Null>", SourceScheme: "sips:"},
			dialplan.URI{Name: "Bob", Scheme: "sips", User: "1001", Host: "example.net"},
			dialplan.URI{User: "611", Host: "example.net"},
		},
		{
			"a token that is not known stays",
			dialplan.Translation{DestinationUser: "<OwnAreaCode>[*]"},
			from,
			dialplan.URI{Scheme: "sip", User: "<OwnAreaCode>611", Host: "example.net"},
		},
		{
			"fixed",
			dialplan.Translation{DestinationUser: "8001", DestinationHost: "other.example"},
			from,
			dialplan.URI{Scheme: "sip", User: "8001", Host: "other.example"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			gotFrom, gotTo, err := c.translation.Translate(from, to, owner)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]dialplan.URI{c.from, c.to}, []dialplan.URI{gotFrom, gotTo}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOwnerWithoutACallerIDKeepsTheCallers(t *testing.T) {
	from := dialplan.URI{Name: "Bob", User: "1001"}
	got, _, err := dialplan.Translation{SourceName: "<OwnCidName>", SourceUser: "<OwnCidNmbr>"}.Translate(from, dialplan.URI{}, dialplan.User{})
	if err != nil || got != from {
		t.Errorf("%+v, %v, want %+v", got, err, from)
	}
}

func TestCallersNameIsNoTemplate(t *testing.T) {
	from := dialplan.URI{Name: "<OwnDomain>[*]"}
	got, _, err := dialplan.Translation{SourceName: "x [*]"}.Translate(from, dialplan.URI{}, dialplan.User{Domain: "secret.example"})
	if want := "x <OwnDomain>[*]"; err != nil || got.Name != want {
		t.Errorf("%q, %v, want %q", got.Name, err, want)
	}
}

func TestPartsReadFromWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]dialplan.URI{
		"2125551212":                         {Scheme: "sip", User: "2125551212", Host: "here"},
		"+14165550100":                       {Scheme: "sip", User: "+14165550100", Host: "here"},
		"user_2010":                          {Scheme: "sip", User: "user_2010", Host: "here"},
		"sip:19728240064@*":                  {Scheme: "sip", User: "19728240064", Host: "here"},
		"SIPS:bob@Example.net;transport=tls": {Scheme: "sips", User: "bob", Host: "Example.net", Transport: ";transport=tls"},
		"<sip:bob@example.net:5060;lr>":      {Scheme: "sip", User: "bob", Host: "example.net:5060"},
		"tel:+14165550100;phone-context=+1":  {Scheme: "tel", User: "+14165550100", Host: "here"},
		"3456;delay=15":                      {Scheme: "sip", User: "3456", Host: "here"},
		"a@b@c":                              {Scheme: "sip", User: "a@b", Host: "c"},
		"":                                   {Scheme: "sip", Host: "here"},
		"bob@":                               {Scheme: "sip", User: "bob", Host: "here"},
		"https://x.example/":                 {Scheme: "sip", User: "https://x.example/", Host: "here"},
	} {
		if diff := cmp.Diff(want, dialplan.ParseURI(" "+text+"\n", "here")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzTranslation(f *testing.F) {
	f.Add("[*][*]", "sip:", "<OwnDomain>", "sip:1001@example.net")
	f.Add("sales_[*]", "<Null>", "[*]", "tel:+1")
	f.Add("<OwnCidName><OwnCidNmbr><", "[", "<Null>x", "")
	f.Fuzz(func(t *testing.T, user, scheme, host, uri string) {
		to := dialplan.ParseURI(uri, "")
		translation := dialplan.Translation{
			DestinationUser: user, DestinationScheme: scheme, DestinationHost: host,
			SourceUser: user, SourceScheme: scheme, SourceHost: host, SourceName: user,
		}
		gotFrom, gotTo, err := translation.Translate(to, to, dialplan.User{Domain: "example.net"})
		if err != nil {
			return
		}
		for _, part := range []string{gotTo.User, gotTo.Host, gotFrom.Name, gotFrom.User, gotFrom.Host} {
			if len(part) > dialplan.MaxPart {
				t.Errorf("a part of %d bytes", len(part))
			}
		}
		if !strings.ContainsAny(user, "[<") && user != "" && gotTo.User != user {
			t.Errorf("a literal became %q", gotTo.User)
		}
	})
}
