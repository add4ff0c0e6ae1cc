package clicktocall_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
)

// noon is a Wednesday.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func sales(t *testing.T, more string) *entry.Entry {
	t.Helper()
	e, err := entry.Item{ID: "sales", Object: json.RawMessage(`{"api_domain":"example.net","queue":"9002@example.net"` + more + `}`)}.Entry()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// hindrances are what stands against a call, in the order in which they are
// told.
var hindrances = []struct {
	code clicktocall.Code
	put  func(c *clicktocall.Case)
}{
	{clicktocall.UnknownID, func(c *clicktocall.Case) { c.Entry = nil }},
	{clicktocall.OriginRefused, func(c *clicktocall.Case) { c.Origin = "https://evil.example" }},
	{clicktocall.TokenRequired, func(c *clicktocall.Case) { c.Token = "" }},
	{clicktocall.TokenInvalid, func(c *clicktocall.Case) { c.Genuine = false }},
	{clicktocall.WorkMissing, func(c *clicktocall.Case) { c.Worked = false }},
	{clicktocall.TokenInvalid, func(c *clicktocall.Case) { c.Known.Spent = true }},
	{clicktocall.NumberInvalid, func(c *clicktocall.Case) { c.Number = clicktocall.NumberInvalid }},
	{clicktocall.NumberRefused, func(c *clicktocall.Case) { c.Number = clicktocall.NumberRefused }},
	{clicktocall.Limited, func(c *clicktocall.Case) { c.Known.Suppressed = &ledger.Suppression{} }},
	{clicktocall.Limited, func(c *clicktocall.Case) {
		c.Known.Full = []clicktocall.Full{{Until: noon.Add(time.Minute)}, {Until: noon.Add(time.Hour)}, {Until: noon.Add(time.Second)}}
	}},
	{clicktocall.Closed, func(c *clicktocall.Case) { c.Now = noon.Add(12 * time.Hour) }},
}

func TestWhatStandsFirstAgainstACallIsTold(t *testing.T) {
	free := func() *clicktocall.Case {
		return &clicktocall.Case{
			Now: noon, Origin: "https://example.net", Token: "t", Genuine: true, Worked: true,
			Entry: sales(t, `,"origins":["https://example.net"],"time_zone":"UTC","hours":{"wed":["09:00-17:00"],"thu":["09:00-17:00"]}`),
		}
	}
	if refused := clicktocall.First(free()); refused != nil {
		t.Errorf("refused with %s", refused.Code)
	}
	for i, first := range hindrances {
		for j := i; j < len(hindrances); j++ {
			c := free()
			hindrances[j].put(c)
			first.put(c) // some take the place of others
			if refused := clicktocall.First(c); refused == nil || refused.Code != first.code {
				t.Errorf("%s and %s: got %+v", first.code, hindrances[j].code, refused)
			}
		}
	}
}

func TestRefusalsSayWhenToTryAgain(t *testing.T) {
	c := &clicktocall.Case{Now: noon, Token: "t", Genuine: true, Worked: true, Entry: sales(t, `,"time_zone":"UTC","hours":{"thu":["09:00-17:00"]}`)}
	refused := clicktocall.First(c)
	if want := time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC); refused.Code != clicktocall.Closed || !refused.Next.Equal(want) {
		t.Errorf("%+v", refused)
	}
	c.At = refused.Next
	if refused := clicktocall.First(c); refused != nil {
		t.Errorf("%+v", refused)
	}
	c.Known.Waiting = 2
	if refused := clicktocall.First(c); refused.Code != clicktocall.Limited || !refused.Retry.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("%+v", refused)
	}
	c.Entry = sales(t, `,"hours":{"mon":[]}`)
	c.Known.Waiting = 0
	if refused := clicktocall.First(c); refused.Code != clicktocall.Closed || !refused.Next.IsZero() {
		t.Errorf("%+v", refused)
	}
}

func TestBareRequestsAreTakenWhereSettingsSaySo(t *testing.T) {
	c := &clicktocall.Case{Now: noon, Entry: sales(t, ""), Bare: true}
	if refused := clicktocall.First(c); refused != nil {
		t.Errorf("%+v", refused)
	}
	c.Token = "forged"
	if refused := clicktocall.First(c); refused == nil || refused.Code != clicktocall.TokenInvalid {
		t.Errorf("%+v", refused)
	}
}

func TestEachCodeHasItsStatus(t *testing.T) {
	got := map[clicktocall.Code]int{}
	for _, code := range clicktocall.Codes()[2:] {
		got[code] = clicktocall.Status(code)
	}
	want := map[clicktocall.Code]int{
		"bad_request": 400, "unknown_id": 404, "origin_refused": 403, "token_required": 403, "token_invalid": 403, "work_missing": 403,
		"number_invalid": 400, "number_refused": 400, "limited": 429, "closed": 409, "phone_system_failed": 502, "phone_system_slow": 504, "unavailable": 503,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestWhichNumbersAreCalled(t *testing.T) {
	for _, row := range []struct {
		number  string
		regions []string
		want    string // digits, or a code
	}{
		{"2125550123", nil, "12125550123"}, {"+1 (212) 555-0123", nil, "12125550123"}, {"1-212-555-0123", nil, "12125550123"}, {"5125550123", nil, "15125550123"},
		{"4165550123", nil, "number_invalid"}, {"4165550123", []string{"US", "CA"}, "14165550123"}, {"8765550123", nil, "number_invalid"},
		{"+442079460018", nil, "number_invalid"}, {"+442079460018", []string{"GB"}, "442079460018"}, {"020 7946 0018", []string{"US", "GB"}, "442079460018"},
		{"9005550123", nil, "number_refused"}, {"+19005550123", nil, "number_refused"}, {"2129765555", nil, "number_refused"}, {"1 212 976 5555", nil, "number_refused"},
		{"5005550123", nil, "number_refused"}, {"5215550123", nil, "number_refused"}, {"5335550123", nil, "number_refused"}, {"5885550123", nil, "number_refused"},
		{"8005550123", nil, "number_refused"}, {"911", nil, "number_refused"}, {"12345", nil, "number_refused"}, {"+449098790000", []string{"GB"}, "number_refused"},
		{"0119005550123", nil, "number_invalid"}, {"212555012", nil, "number_invalid"}, {"21255501234", nil, "number_invalid"}, {"", nil, "number_invalid"},
		{"2125550123x4", nil, "number_invalid"}, {"2125550123;postd=1", nil, "number_invalid"}, {"sip:1000@example.net", nil, "number_invalid"}, {"2120550123", nil, "number_invalid"},
		{strings.Repeat("2125550123", 10), nil, "number_invalid"}, {"२१२५५५०१२३", nil, "12125550123"},
	} {
		digits, code := clicktocall.Destination(row.number, row.regions)
		if got := digits + string(code); got != row.want {
			t.Errorf("%q in %v: %s, want %s", row.number, row.regions, got, row.want)
		}
	}
}

func TestNetworksAreCountedAsTheyAreBought(t *testing.T) {
	for address, want := range map[string]clicktocall.Subnets{
		"192.0.2.7": {Network: "192.0.2.0/24", Block: "192.0.0.0/16"}, "192.0.2.255": {Network: "192.0.2.0/24", Block: "192.0.0.0/16"},
		"::ffff:192.0.2.9":       {Network: "192.0.2.0/24", Block: "192.0.0.0/16"},
		"2001:db8:1:234:3:4:5:6": {Network: "2001:db8:1:234::/64", Site: "2001:db8:1:200::/56", Block: "2001:db8:1::/48"},
		"2001:db8:1:2ff::":       {Network: "2001:db8:1:2ff::/64", Site: "2001:db8:1:200::/56", Block: "2001:db8:1::/48"},
		"fe80::1%eth0":           {Network: "fe80::/64", Site: "fe80::/56", Block: "fe80::/48"},
	} {
		if got := clicktocall.SubnetsOf(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
	if got := clicktocall.SubnetsOf(netip.Addr{}); got != (clicktocall.Subnets{Network: "unknown"}) {
		t.Error(got)
	}
}

func TestTokenIsGoodForItsPageItsNetworkAndItsTime(t *testing.T) {
	key := clicktocall.NewKey("correct-horse-battery-staple")
	text, _ := clicktocall.Mint(key, "sales", "https://example.net", "192.0.2.0/24", 13, noon)
	later := noon.Add(clicktocall.TokenLife)
	good := clicktocall.Genuine
	if !good(key, text, "sales", "https://example.net", "192.0.2.0/24", later.Add(-time.Second)) {
		t.Error("it is not good")
	}
	for what, bad := range map[string]bool{
		"too old":            good(key, text, "sales", "https://example.net", "192.0.2.0/24", later),
		"another entry":      good(key, text, "support", "https://example.net", "192.0.2.0/24", noon),
		"another page":       good(key, text, "sales", "https://evil.example", "192.0.2.0/24", noon),
		"no page":            good(key, text, "sales", "", "192.0.2.0/24", noon),
		"another network":    good(key, text, "sales", "https://example.net", "192.0.3.0/24", noon),
		"parts moved":        good(key, text, "saleshttps", "://example.net", "192.0.2.0/24", noon),
		"another key":        good(clicktocall.NewKey("another"), text, "sales", "https://example.net", "192.0.2.0/24", noon),
		"nothing":            good(key, "", "sales", "https://example.net", "192.0.2.0/24", noon),
		"a part":             good(key, text[:40], "sales", "https://example.net", "192.0.2.0/24", noon),
		"more":               good(key, text+"AAAA", "sales", "https://example.net", "192.0.2.0/24", noon),
		"another alphabet":   good(key, strings.NewReplacer("-", "+", "_", "/").Replace(text)+"=", "sales", "https://example.net", "192.0.2.0/24", noon),
		"something appended": good(key, text+"\n", "sales", "https://example.net", "192.0.2.0/24", noon),
	} {
		if bad {
			t.Errorf("it is good with %s", what)
		}
	}
	for i := range text { // no character can be changed
		other := byte('A')
		if text[i] == 'A' {
			other = 'B'
		}
		if good(key, text[:i]+string(other)+text[i+1:], "sales", "https://example.net", "192.0.2.0/24", noon) {
			t.Errorf("it is good with another character %d", i)
		}
	}
	if again, _ := clicktocall.Mint(key, "sales", "https://example.net", "192.0.2.0/24", 13, noon); again == text {
		t.Error("two tokens are the same")
	}
}

func TestWorkRisesWithWhatIsAskedFor(t *testing.T) {
	for _, row := range []struct {
		weather clicktocall.Weather
		want    int
	}{
		{clicktocall.Weather{Known: true}, 0}, {clicktocall.Weather{Known: true, Networks: 60, Network: 4, Calls: 3}, 0},
		{clicktocall.Weather{}, 13}, {clicktocall.Weather{Networks: 60}, 13}, {clicktocall.Weather{Networks: 61}, 14}, {clicktocall.Weather{Networks: 121}, 15},
		{clicktocall.Weather{Networks: 61, Known: true}, 14}, {clicktocall.Weather{Networks: 60 << 5}, 18},
		{clicktocall.Weather{Block: 5}, 15}, {clicktocall.Weather{Block: 5, Network: 9}, 17}, {clicktocall.Weather{Known: true, Block: 5}, 15},
		{clicktocall.Weather{Kept: true}, 18}, {clicktocall.Weather{Known: true, Kept: true}, 18}, {clicktocall.Weather{Kept: true, Network: 500}, 20},
		{clicktocall.Weather{Network: 5}, 15}, {clicktocall.Weather{Network: 9}, 17}, {clicktocall.Weather{Calls: 5, Known: true}, 15},
		{clicktocall.Weather{Networks: 1e9, Network: 1e9, Calls: 1e9}, clicktocall.MostBits},
	} {
		if got := clicktocall.WorkBits(row.weather); got != row.want {
			t.Errorf("%+v: %d bits, want %d", row.weather, got, row.want)
		}
	}
}

func TestWorkIsProved(t *testing.T) {
	if !clicktocall.Worked("c", "", 0) {
		t.Error("no work needs no proof")
	}
	nonce := solve("challenge", 12)
	for want := range 13 {
		if !clicktocall.Worked("challenge", nonce, want) {
			t.Errorf("it is not %d bits", want)
		}
	}
	for _, row := range []struct {
		challenge, nonce string
		bits             int
	}{{"other", nonce, 12}, {"challenge", "", 12}, {"challenge", nonce, 30}, {"challenge", nonce + strings.Repeat("0", 70), 1}} {
		if clicktocall.Worked(row.challenge, row.nonce, row.bits) {
			t.Errorf("%+v is proved", row)
		}
	}
}

// solve works as a visitor's browser does.
func solve(challenge string, bits int) string {
	for n := 0; ; n++ {
		if nonce := strconv.Itoa(n); clicktocall.Worked(challenge, nonce, bits) {
			return nonce
		}
	}
}

func TestCapsOfARequest(t *testing.T) {
	var got []string
	for _, c := range clicktocall.CapsOf(clicktocall.DefaultLimits(), true) {
		text := c.String()
		if c.Bare {
			text += " without a token"
		}
		got = append(got, text)
	}
	want := []string{
		"6 per network in 1h0m0s", "15 per network in 24h0m0s", "1 per network in 1h0m0s without a token", "1 per network in 24h0m0s without a token",
		"1 per number in 10m0s", "3 per number in 24h0m0s", "200 per widget in 24h0m0s", "500 per tenant in 24h0m0s",
		"1 per number in 10m0s without a token", "1 per number in 24h0m0s without a token", "20 per widget in 24h0m0s without a token", "50 per tenant in 24h0m0s without a token",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("caps (-want +got):\n%s", diff)
	}
	if n := len(clicktocall.CapsOf(clicktocall.DefaultLimits(), false)); n != 6 {
		t.Errorf("%d caps with a token", n)
	}
}

func TestEntriesChooseTheirLimitsWithinBounds(t *testing.T) {
	base := clicktocall.DefaultLimits()
	for own, change := range map[string]func(*clicktocall.Limits){
		``: func(*clicktocall.Limits) {}, `{}`: func(*clicktocall.Limits) {},
		`{"number_per_day":1,"widget_per_day":1000}`: func(l *clicktocall.Limits) { l.NumberPerDay, l.WidgetPerDay = 1, 1000 },
		`{"network_per_hour":200,"network_per_day":1000,"tenant_per_day":20000}`: func(l *clicktocall.Limits) {
			l.NetworkPerHour, l.NetworkPerDay, l.TenantPerDay = 200, 1000, 20000
		},
	} {
		want := base
		change(&want)
		if got, err := base.With(json.RawMessage(own)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", own, got, err)
		}
	}
	for own, says := range map[string]string{
		`{"number_per_day":4}`: "number_per_day is 4; it can be 1 to 3", `{"widget_per_day":0}`: "widget_per_day is 0; it can be 1 to 10000",
		`{"widget_per_day":-1}`: "-1", `{"tenant_per_day":1e9}`: "1e9", `{"widgets_per_day":10}`: `no "widgets_per_day"; there are network_per_day`,
		`{"widget_per_day":"10"}`: "takes a number", `[]`: "not an object",
	} {
		got, err := base.With(json.RawMessage(own))
		if got != base || fault.CodeOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%s: %+v, %v", own, got, err)
		}
	}
}

func TestCodesAreOfEightDigits(t *testing.T) {
	key, seen := clicktocall.NewKey(secret), map[string]bool{}
	for i := range 50 {
		code := clicktocall.CodeOf(key, number, noon.Add(time.Duration(i)*time.Millisecond))
		if len(code) != 8 || strings.Trim(code, "0123456789") != "" {
			t.Error(code)
		}
		seen[code] = true
	}
	seen[clicktocall.CodeOf(key, "2", noon)] = true
	seen[clicktocall.CodeOf(clicktocall.NewKey("another"), number, noon)] = true
	if len(seen) != 52 {
		t.Errorf("%d of 52 differ", len(seen))
	}
}
