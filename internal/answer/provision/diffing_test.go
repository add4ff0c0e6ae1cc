package provision_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens"
)

// wanted is what there is to be for the entry of all tests, with a key.
func wanted(key string) provision.Desired {
	e := textBack
	e.Key = entry.Key(key)
	return provision.Wanted(&e, provision.Settings{PublicURL: &url.URL{Scheme: "https", Host: "hooks.example.net"}, Email: "operations@example.net"})
}

// observed is a phone system on which all is as wanted.
func observed(d provision.Desired) provision.Observed {
	user, rule, answer := d.User, d.DialRule, d.AnswerRule
	rule.ID = rule.LikelyID()
	return provision.Observed{User: &user, Rules: []netsapiens.DialRule{rule}, AnswerRule: &answer}
}

// sameSentence compares reasons as people do.
var sameSentence = cmp.Comparer(func(a, b provision.Reason) bool { return a.String() == b.String() })

func TestDifferences(t *testing.T) {
	broken := errors.New("it is out of order")
	for name, row := range map[string]struct {
		change func(*provision.Observed)
		made   []provision.Resource
		want   []provision.Difference
		lines  string
	}{
		"none": {func(*provision.Observed) {}, nil, nil, ""},
		"all is missing": {func(o *provision.Observed) { *o = provision.Observed{} }, nil, []provision.Difference{
			{Part: provision.User, Kind: provision.Missing, What: "user 8001", Action: provision.Create},
			{Part: provision.DialRule, Kind: provision.Missing, What: "dial rule for webresponder8001", Action: provision.Create},
			{Part: provision.AnswerRule, Kind: provision.Missing, What: "answer rule of user 8001", Action: provision.Create},
		}, ""},
		"an answer rule that does nothing yet": {func(o *provision.Observed) { o.AnswerRule = &netsapiens.AnswerRule{TimeFrame: "*", Enabled: "yes"} }, nil, []provision.Difference{
			{Part: provision.AnswerRule, Kind: provision.Missing, What: "answer rule of user 8001", Action: provision.Change},
		}, "~ the answer rule of user 8001 does not lead to the webhook yet: will be changed"},
		"nothing can be seen": {func(o *provision.Observed) { o.UserErr, o.RulesErr, o.AnswerErr = broken, broken, broken }, nil, []provision.Difference{
			{Part: provision.User, Kind: provision.Unseen, What: "user 8001", Action: provision.Create, Why: provision.Sentence("it is out of order")},
			{Part: provision.DialRule, Kind: provision.Unseen, What: "dial rule for webresponder8001", Action: provision.Create, Why: provision.Sentence("it is out of order")},
			{Part: provision.AnswerRule, Kind: provision.Unseen, What: "answer rule of user 8001", Action: provision.Create, Why: provision.Sentence("it is out of order")},
		}, "? the answer rule of user 8001 cannot be seen (it is out of order): will be created unless it is there"},
		"a rule with a line break": {func(o *provision.Observed) { o.Rules[0].Application = "To\n\x1b[2JUser" }, nil, []provision.Difference{
			{Part: provision.DialRule, Kind: provision.Foreign, What: "dial rule for webresponder8001", Action: provision.Leave,
				Why: provision.Sentence("a rule for webresponder8001 is there already and leads to To��[2JUser")},
		}, ""},
		"a rule of this entry's with more in its address": {func(o *provision.Observed) {
			o.Rules[0].Description, o.Rules[0].Parameter = "", webhook+"&lang=es"
		}, nil, []provision.Difference{
			{Part: provision.DialRule, Kind: provision.Foreign, What: "dial rule for webresponder8001", Action: provision.Leave,
				Why: provision.Sentence("a rule for webresponder8001 is there already and asks for this entry with parameters of somebody else's")},
		}, ""},
		"what was made for another user is gone": {func(o *provision.Observed) { o.Earlier = []provision.Found{{}} },
			[]provision.Resource{{Part: provision.User, Domain: domain, User: "8000"}}, []provision.Difference{
				{Part: provision.User, Kind: provision.Gone, What: "user 8000", Action: provision.Forget, Earlier: true},
			}, "  user 8000, made for what is no longer wanted, is gone already"},
		"what was made for another user cannot be seen": {func(o *provision.Observed) { o.Earlier = []provision.Found{{Err: broken}} },
			[]provision.Resource{{Part: provision.User, Domain: domain, User: "8000"}}, []provision.Difference{
				{Part: provision.User, Kind: provision.Unseen, What: "user 8000", Action: provision.Leave, Why: provision.Sentence("it is out of order"), Earlier: true},
			}, "? user 8000: it is out of order: will be left as it is"},
	} {
		t.Run(name, func(t *testing.T) {
			d := wanted("")
			o := observed(d)
			row.change(&o)
			got := provision.Diff(d, o, row.made)
			if diff := cmp.Diff(row.want, got, cmpopts.IgnoreUnexported(provision.Difference{}), sameSentence); diff != "" {
				t.Errorf("differences (- want, + got):\n%s", diff)
			}
			if lines := (provision.Plan{Differences: got}).String(); !strings.HasSuffix(lines, row.lines) {
				t.Errorf("the plan is\n%s\nwant\n%s", lines, row.lines)
			}
		})
	}
}

func TestNothingIsWantedForAnEntryWithoutASystemUser(t *testing.T) {
	d := provision.Wanted(&entry.Entry{ID: "button", APIDomain: domain}, provision.Settings{})
	if got := provision.Diff(d, provision.Observed{}, nil); got != nil {
		t.Errorf("differences: %+v", got)
	}
	if d.Fingerprint() == wanted("").Fingerprint() || wanted("a").Fingerprint() == wanted("b").Fingerprint() {
		t.Error("fingerprints do not tell what is wanted apart")
	}
}

// FuzzParameters has rules of ours and of strangers with any parameter: people
// see one line for each, without secrets or whole numbers.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"", webhook, "<HttpMethod=GET>" + webhook, "<HttpSecret=", "<HttpSecret=x>", "<>", ">", "https://a@b/?id=%zz", "https://old.example.org/%0a%1b[2J",
		"<HttpMethod=POST> <HttpSecret=a=b> https://hooks.example.net/webresponder?id=other&token=", "://", "https://[::1", "//hooks.example.net", "\x00",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, parameter string, ours bool) {
		const secret, number = "q7w8e9r0secret", "12125550123"
		d := wanted(secret + "-of-ours")
		for _, whole := range []string{
			parameter, "<HttpSecret=" + secret + ">" + parameter, "<HttpSecret=" + secret + ">" + webhook + "&key=" + secret,
			webhook + "&key=" + secret + "&" + strings.TrimLeft(parameter, "?"), "https://" + secret + "@example.org/" + number + "?" + secret,
		} {
			o := observed(d)
			o.Rules[0].Parameter = whole
			var made []provision.Resource
			if !ours {
				o.Rules[0].Description = ""
			} else {
				made = []provision.Resource{{Part: provision.DialRule, Domain: domain, User: "8001", Match: d.DialRule.Match()}}
			}
			lines := provision.Plan{Differences: provision.Diff(d, o, made)}.String()
			switch {
			case strings.Contains(lines, secret) && !strings.Contains(parameter, secret):
				t.Errorf("%q: a secret is shown:\n%s", whole, lines)
			case strings.Contains(lines, number):
				t.Errorf("%q: a number is shown:\n%s", whole, lines)
			case strings.Count(lines, "\n") > 1, strings.ContainsFunc(strings.ReplaceAll(lines, "\n", ""), func(c rune) bool { return !unicode.IsPrint(c) }):
				t.Errorf("%q: it is more than a line:\n%q", whole, lines)
			}
		}
	})
}
