package cli_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestWhatStaysOfAnErasedNumberIsTold puts a number into operators'
// configuration, and where an opt-out needs it.
func TestWhatStaysOfAnErasedNumberIsTold(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		p := persons["in New York"]
		f := &filling{t: t, s: s, c: core.New(core.Config{State: s}), of: p, n: 1}
		settings := settingsOf(t, config)
		f.configure(settings)
		f.keep()
		put(t, filepath.Join(config.Folder, "domains.json.imported"), "{\n\"2125550123\": 1,\n\"a\": \"+1 212 555 0123\"}\n")
		put(t, filepath.Join(config.Folder, "switchhook.db.before-8-20260101T000000"), "a database of before")
		want := []string{
			`stays: entry "shop" (2 records): calls and texts go by it`, `stays: entry "of-1212•••0123": `,
			`stays: domain "1212•••0123.example.net": it is a name on the phone system`,
			`stays: user "1212•••0123@example.net": it is a name on the phone system`,
			`stays: on-call source "pagerduty": calls go by what it said last`,
			`stays: on-call route "support": its override rings the number: end it with switchhook oncall override ROUTE --end`,
			`stays: dial rule of the Core "sip:1212•••0123@* in example.net": calls and texts go by it: change it through the Core's API`,
			`stays: answer rule of the Core "* of 2000@example.net": `, `stays: user of the Core "2000@example.net": `,
			`stays: number of the Core "1212•••0123@example.net": `, `stays: number for texts of the Core "1212•••0123@example.net": `,
			`stays: subscription of the Core "`, `stays: texts to others: they are on their way`,
			`stays: setting "netsapiens.operations_email": the server goes by it: change it in ` + settings + `:`,
			`stays: file "` + filepath.Join(config.Folder, "domains.json.imported") + `": it is yours to change, line 2, 3`,
		}
		if config.URL == "" {
			want = append(want, `stays: backup "`+filepath.Join(config.Folder, "switchhook.db.before-8-20260101T000000")+`": an upgrade has made it`)
		} else {
			want = append(want, "not reached: PostgreSQL's files")
			f.upgrade(config)
		}
		run(t, "", nil, "number", "erase", "-c", settings, "2125550123").wants(t, 2, want[:12]...)
		erased := run(t, "", nil, "number", "erase", "-c", settings, "2125550123", "--yes")
		erased.wants(t, 0, append(want, "erasing of 1212•••0123: ", "users of the Core 1", "the number stays on the suppression list")...)
		if first, _, _ := strings.Cut(erased.out, "\n"); !strings.HasPrefix(first, "erasing of ") {
			t.Errorf("it does not say first what it erases, but %q", first)
		}
		for column, value := range lookAt(t, config).with(p) {
			if !slices.Contains(told, column) {
				t.Errorf("%s holds it still: %.200q", column, value)
			}
		}
		f.works()
	})
}

// configure writes the number into everything that the server uses, as an
// operator.
func (f *filling) configure(settings string) {
	f.t.Helper()
	ctx, number := f.t.Context(), f.of.digits
	text, err := os.ReadFile(settings)
	f.must(err)
	put(f.t, settings, strings.Replace(string(text), "token = \"a-token\"\n", "token = \"a-token\"\noperations_email = \"2125550123@sms.example.net\"\n", 1))
	entry := func(message string) string {
		return `{"api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "12125550100", "message": "` + message + `"}`
	}
	t, ok := f.t.(*testing.T)
	if !ok {
		f.t.Fatal("this is for tests")
	}
	run(t, `{"shop": `+entry("Call (212) 555-0123.")+`, "of-`+number+`": `+entry("We are open.")+`}`, nil, "import", "-c", settings, "-").wants(t, 0, "2 added")

	f.coreUsers()
	f.must(f.c.UpdateUser(ctx, provider, "2000", f.fields("caller-id-number", number)))
	_, err = f.c.CreateDialRule(ctx, provider, provider, f.fields("dial-rule-matching-to-uri", "sip:"+number+"@*", "dial-rule-application", "to-user", "dial-rule-description", "Ann, "+number))
	f.must(err)
	forward := core.Fields{"forward-always": json.RawMessage(`{"enabled":"yes","parameters":["` + number + `"]}`)}
	f.must(f.c.UpdateAnswerRule(ctx, provider, "2000", "*", forward))
	_, err = f.c.CreatePhoneNumber(ctx, provider, f.fields("phonenumber", number))
	f.must(err)
	_, err = f.c.CreateSMSNumber(ctx, provider, f.fields("number", number, "application", "available"))
	f.must(err)
	_, err = f.c.CreateSubscription(ctx, provider, f.fields("model", "message", "post-url", "https://hooks.example.net/"+number))
	f.must(err)
	f.must(f.s.Provisioned().Save(ctx, provision.Record{Entry: "shop", Made: []provision.Resource{{Match: "sip:" + number + "@*"}}}))
	f.must(f.s.OnCallAnswers().Save(ctx, "pagerduty", source.Snapshot{At: time.Now(), People: []source.Person{{ID: "1", Name: "Ann", Numbers: []string{"+" + number}}}}))
	f.must(f.s.OnCallOverrides().Set(ctx, oncall.Override{Route: "support", Person: source.Person{Name: "Ann", Numbers: []string{"+" + number}}, Until: time.Now().Add(time.Hour)}))
	f.must(f.s.KeepEventKey(ctx, number+".example.net", time.Now()))
	f.must(f.s.AddTrunkTime(ctx, []barring.Spent{{Owner: number + "@example.net", Hour: time.Now().Truncate(time.Hour), Time: time.Minute}}, time.Now()))
}

// keep puts the number where an opt-out and a text on its way need it.
func (f *filling) keep() {
	f.t.Helper()
	ctx := f.t.Context()
	f.must(f.s.Suppress(ctx, ledger.Suppression{Number: f.of.digits, Tenant: ledger.AnyTenant, Channel: ledger.AnyWay, At: time.Now(), How: ledger.ByText, Words: "STOP " + f.of.digits}))
	_, err := f.s.Enqueue(ctx, ledger.Text{Purpose: ledger.Answer, Entry: shop, Domain: provider, User: "2000", Session: core.NewSession(),
		From: "12125550100", To: stranger, Message: "Call 212-555-0123.", Due: time.Now().Add(time.Hour), Deadline: time.Now().Add(2 * time.Hour)})
	f.must(err)
}

// works checks that what a running system needs is unchanged.
func (f *filling) works() {
	f.t.Helper()
	ctx := f.t.Context()
	if sup, err := f.s.Suppressed(ctx, "any", f.of.digits, ledger.Texts); err != nil || sup == nil || sup.Words != "" {
		f.t.Errorf("the number is not left alone: %+v, %v", sup, err)
	}
	user, err := f.c.Object(ctx, core.Key{Kind: core.User, Domain: provider, ID: "2000"})
	if err != nil || user.Fields.Text("caller-id-number") != f.of.digits || user.Fields.Text("note-0") != "erased" || user.Fields.Text("mobile") != "0" {
		f.t.Errorf("the user is %s, %v", user.Fields, err)
	}
	rule, err := f.c.Objects(ctx, core.Key{Kind: core.DialRule, Domain: provider, Owner: provider}, 0, 0)
	f.must(err)
	if last := rule[len(rule)-1].Fields; last.Text("dial-rule-matching-to-uri") != "sip:"+f.of.digits+"@*" || last.Text("dial-rule-description") != "Ann, erased" {
		f.t.Errorf("the dial rule is %s", last)
	}
	if texts, err := f.s.Texts(ctx, ledger.Query{}); err != nil || len(texts) != 1 || texts[0].Message != "Call 212-555-0123." {
		f.t.Errorf("the texts on their way are %+v, %v", texts, err)
	}
}

// upgrade makes a table as an upgrade of a PostgreSQL database leaves it.
func (f *filling) upgrade(config store.Config) {
	f.t.Helper()
	db, err := sql.Open("pgx", config.URL)
	f.must(err)
	_, err = db.ExecContext(f.t.Context(), `CREATE TABLE suppressions_before_8 AS SELECT '001' || number AS number, tenant, words FROM suppressions`)
	f.must(err)
	f.must(db.Close())
}
