package crash_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// upgradedDomains is how many customers the entries are of.
const upgradedDomains = 20

// way is a dial rule by which calls come to an entry.
type way struct {
	domain, match string
	entry         string
	user          string // that the call is for
}

// upgradedSystem is a phone system whose rules are being changed.
type upgradedSystem struct {
	*nstest.System
	t      *testing.T
	url    string
	chains []way // that the server makes
	doors  []way // rules of people's own that lead to an entry too, and stay without a key
	ways   []way // all of these

	rewriting
}

// startUpgradedSystem starts one with all that there is of other people's.
func startUpgradedSystem(t *testing.T, n int) *upgradedSystem {
	t.Helper()
	s := &upgradedSystem{System: nstest.New(nstest.Quirks{}), t: t, rewriting: newRewriting(n)}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.Close()
		for _, violation := range s.Violations() {
			t.Errorf("the phone system was asked something that its API does not allow: %s", violation)
		}
	})
	s.url = server.URL
	for i := range n {
		system := fmt.Sprint(8001 + i/upgradedDomains)
		s.chains = append(s.chains, way{upgradedDomain(i), "webresponder" + system, fmt.Sprintf("upgraded-%05d", i), system})
	}
	for i := range min(n, upgradedDomains) {
		s.addStrangers(s.chains[i], fmt.Sprintf("1212556%04d", 101+i))
	}
	s.ways = slices.Concat(s.chains, s.doors)
	return s
}

func upgradedDomain(i int) string { return fmt.Sprintf("upgraded%02d.example", i%upgradedDomains) }

func upgradedNumber(domain string) string {
	return "1212555" + strings.NewReplacer("upgraded", "01", ".example", "").Replace(domain)
}

// domainsFile is what the entries say.
func (s *upgradedSystem) domainsFile() string {
	entries := make([]string, 0, len(s.chains))
	for _, w := range s.chains {
		entries = append(entries, fmt.Sprintf(`%q:{"api_domain":%q,"user":%q,"ns_system_user":%q,"from_number":%q,"message":"Our hours are 9 to 5."}`,
			w.entry, w.domain, user, w.user, upgradedNumber(w.domain)))
	}
	return "{" + strings.Join(entries, ",\n") + "}\n"
}

// addStrangers adds a domain with what its people have made: users, a queue,
// numbers, web responders of others whose rules look like ours, and a rule that
// leads one more number to an entry of ours.
func (s *upgradedSystem) addStrangers(w way, number string) {
	s.AddDomain(w.domain)
	for _, person := range []string{user, "2001", "2002", "7999"} {
		s.AddUser(w.domain, person)
	}
	s.AddQueue(w.domain, "9001")
	s.AddSMSNumber(w.domain, upgradedNumber(w.domain), user)
	s.AddSMSNumber(w.domain, number, "")
	s.AddPhoneNumber(w.domain, upgradedNumber(w.domain), w.user)
	s.AddPhoneNumber(w.domain, number, "2001")
	s.SetForward(w.domain, "2001", "2002")
	s.SetForward(w.domain, "7999", "webresponder7999")
	toWeb := func(match, address, description string) {
		s.AddDialRule(w.domain, nstest.Object{"dial-rule-matching-to-uri": match, "dial-rule-application": "To Web",
			"dial-rule-parameter": address, "dial-rule-description": description})
	}
	toWeb("webresponder7999", "https://theirs.example.org/webresponder?id=theirs", "Switchhook text-back: theirs")
	toWeb("webresponder800", "https://theirs.example.org/webresponder?id="+w.entry, "a menu")
	toWeb("weather", "<HttpMethod=POST>https://weather.example.org/", "")
	toWeb(number, attackedAt+"/webresponder?id="+w.entry, "the number of the shop")
	s.doors = append(s.doors, way{w.domain, number, w.entry, "2001"})
	s.api(http.MethodPost, "/domains/"+w.domain+"/subscriptions",
		`{"model":"message","post-url":"https://theirs.example.org/events","domain":"`+w.domain+`","subscription-expires-datetime":"2038-01-01 00:00:00"}`)
}

// api asks the phone system itself, and returns its answer.
func (s *upgradedSystem) api(method, path, body string) string {
	r := httptest.NewRequestWithContext(s.t.Context(), method, "/ns-api/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+nstest.Token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.System.ServeHTTP(w, r)
	if w.Code > 299 {
		s.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// address returns what the rule of a way asks at this moment; empty: there is no
// rule.
func (s *upgradedSystem) address(w way) string {
	return s.addressOf(w.domain, "dial-rule-matching-to-uri", w.match)
}

func (s *upgradedSystem) addressOf(domain, field, value string) string {
	for _, rule := range s.DialRules(domain) {
		if rule[field] == value {
			address, _ := rule["dial-rule-parameter"].(string)
			return address
		}
	}
	return ""
}

func (s *upgradedSystem) keyOf(w way) string {
	u, err := url.Parse(s.address(w))
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Query().Get("key")
}
