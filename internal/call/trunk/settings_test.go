package trunk

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/setting"
)

func TestAddressesOfCarriersAreRead(t *testing.T) {
	for text, want := range map[string]Address{
		"sip.carrier.example":           {Host: "sip.carrier.example"},
		"sip.carrier.example.":          {Host: "sip.carrier.example"},
		"sip.carrier.example:5080":      {Host: "sip.carrier.example", Port: 5080},
		"sip:sip.carrier.example":       {Host: "sip.carrier.example"},
		"SIPS:sip.carrier.example:5061": {Host: "sip.carrier.example", Port: 5061, Secure: true},
		"192.0.2.1":                     {Host: "192.0.2.1"},
		"192.0.2.1:5060":                {Host: "192.0.2.1", Port: 5060},
		"2001:db8::1":                   {Host: "2001:db8::1"},
		"[2001:db8::1]":                 {Host: "2001:db8::1"},
		"[2001:db8::1]:5060":            {Host: "2001:db8::1", Port: 5060},
		"sip:[2001:db8::1]:5060":        {Host: "2001:db8::1", Port: 5060},
		"sip":                           {Host: "sip"},
		"sip:5060":                      {Host: "sip", Port: 5060},
	} {
		var got Address
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
		var again Address
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%q is written %q, and read as %+v, %v", text, got.String(), again, err)
		}
	}
	for text, want := range map[string]string{
		"":                                  "",
		"sip:":                              "",
		"carrier example":                   "",
		"carrier.example:0":                 "a port",
		"carrier.example:66000":             "a port",
		"carrier.example:sip":               "a port",
		"sip:2005@carrier.example":          "a user",
		"sip:carrier.example;transport=tcp": "parameters",
		"https://carrier.example":           "",
		"5060":                              "",
		"sips:[0":                           "",
		"fe80::1%eth0":                      "",
	} {
		var got Address
		err := got.UnmarshalText([]byte(text))
		if err == nil || want != "" && !strings.Contains(err.Error(), want) {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
}

func TestUsernamesAndPrefixesAreChecked(t *testing.T) {
	for text, want := range map[string]bool{
		"2005": true, "+12125550100": true, "alice@carrier.example": true, "a-b_c.d": true, "": false, "@carrier.example": false,
		"a b": false, "a>b": false, "a\r\nb": false, "ü": false, strings.Repeat("a", maxUsername+1): false,
	} {
		var u Username
		if got := u.UnmarshalText([]byte(text)) == nil; got != want {
			t.Errorf("the user name %q is taken: %t", text, got)
		}
	}
	for text, want := range map[string]bool{"9": true, "#31#": true, "+": true, "9,": false, strings.Repeat("1", maxPrefix+1): false} {
		var p Prefix
		if got := p.UnmarshalText([]byte(text)) == nil; got != want {
			t.Errorf("the prefix %q is taken: %t", text, got)
		}
	}
}

func TestSettingsThatDoNotGoTogetherAreReported(t *testing.T) {
	good := Settings{Name: "carrier", Address: Address{Host: "sip.carrier.example"}, Transport: UDP, CallingCode: "1"}
	password := setting.NewSecret("secret")
	for _, c := range []struct {
		name   string
		change func(*Settings)
		want   []string // the paths of the problems
	}{
		{"good", func(*Settings) {}, nil},
		{"registers", func(s *Settings) { s.Register, s.Username, s.Password = true, "2005", password }, nil},
		{"registers as nobody", func(s *Settings) { s.Register = true }, []string{"username", "password"}},
		{"a password of nobody", func(s *Settings) { s.Password = password }, []string{"username"}},
		{"nobody in From", func(s *Settings) { s.From = FromUsername }, []string{"username"}},
		{"sips over UDP", func(s *Settings) { s.Address.Secure = true }, []string{"transport"}},
		{"sips", func(s *Settings) { s.Address.Secure, s.Transport = true, TLS }, nil},
		{"large over TCP anyway", func(s *Settings) { s.LargeOverTCP, s.Transport = true, TCP }, []string{"large_over_tcp"}},
		{"a caller of the country", func(s *Settings) { s.Caller = "2125550100" }, nil},
		{"an extension as the caller", func(s *Settings) { s.Caller = "200" }, []string{"caller"}},
	} {
		s := good
		c.change(&s)
		var got []string
		if err := s.Check(); err != nil {
			for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
				if p, ok := errors.AsType[*setting.Problem](one); ok {
					got = append(got, p.Path)
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	two := Section{Trunks: []Settings{good, good}}
	if err := two.Check(); err == nil || !strings.Contains(err.Error(), "trunk.1.name is of a second trunk") {
		t.Errorf("two trunks: %v", err)
	}
	one := Section{Trunks: []Settings{good}}
	if err := one.Check(); err != nil {
		t.Error(err)
	}
}

func TestSettingsAreCompared(t *testing.T) {
	a := Settings{Name: "carrier", Address: Address{Host: "192.0.2.1"}, Password: setting.NewSecret("one"), Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	same := a
	same.Password, same.Networks = setting.NewSecret("one"), []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	if !a.Equal(same) {
		t.Error("they differ")
	}
	for _, change := range []func(*Settings){
		func(s *Settings) { s.Password = setting.NewSecret("two") },
		func(s *Settings) { s.Address.Port = 5060 },
		func(s *Settings) { s.Networks = nil },
	} {
		other := same
		change(&other)
		if a.Equal(other) {
			t.Errorf("%+v is the same", other)
		}
	}
	if !a.Password.IsSet() {
		t.Error("the password is lost")
	}
}
