package textback_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const allExist = `{"user":"exists","dial_rule":"exists","answer_rule":"exists"}`

// change sends fields for the entry that is there, by JSON, and returns the
// answer.
func (s *service) change(object string) (int, string) {
	return s.send("application/json", `{"id":"`+id+`",`+object+`}`, http.Header{"X-Update-Secret": {secret}})
}

func TestTheAnswerNamesFieldsThatAreIgnored(t *testing.T) {
	for fields, says := range map[string]string{
		"Message=x":                            `"ignored":"Message","did_you_mean":"message"`,
		"Message=x&usr=2000":                   `"ignored":"Message, usr","did_you_mean":"message, user"`,
		"usr=2000&foo=&Message=":               `"ignored":"usr, foo, Message","did_you_mean":"user, message"`,
		"foo=1&foo=2&Foo=3":                    `"ignored":"foo, Foo"`,
		"message=x&MESSAGE=y&message=z":        `"ignored":"MESSAGE","did_you_mean":"message"`,
		"message%5B%5D=x":                      `"ignored":"message[]","did_you_mean":"message"`,
		"From+Number=1":                        `"ignored":"From Number","did_you_mean":"from_number"`,
		"queue=9002&hours=x":                   `"ignored":"queue, hours"`,
		"_wpnonce=1&g-recaptcha-response=x":    `"ignored":"_wpnonce, g-recaptcha-response"`,
		"submit=Send&form_id=7&utf8=%E2%9C%93": `"ignored":"submit, form_id, utf8"`,
		"%0A%22%3Cb%3E=1":                      `"ignored":"�\"<b>"`,
		"message=x":                            "",
		"_charset_=utf-8":                      "",
		"ID=x":                                 `"ignored":"ID","did_you_mean":"id"`,
	} {
		s := start(t)
		status, answer := s.send("application/x-www-form-urlencoded", "id="+id+"&"+fields+"&secret="+secret, nil)
		want := allCreated
		if says != "" {
			want = strings.TrimSuffix(want, "}") + "," + says + "}"
		}
		wantAnswer(t, status, answer, 200, want)
		if !json.Valid([]byte(answer)) {
			t.Errorf("%s is no JSON", answer)
		}
	}
}

func TestARefusalNamesFieldsThatAreIgnoredToo(t *testing.T) {
	s := start(t)
	status, answer := s.post(whole(url.Values{"message": {""}, "Message": {"x"}}))
	wantAnswer(t, status, answer, 400, `{"message":"missing: message","ignored":"Message","did_you_mean":"message"}`)
	status, answer = s.send("application/json", `{"Id":"x"}`, http.Header{"X-Update-Secret": {"wrong"}})
	wantAnswer(t, status, answer, 403, `{"message":"the secret is missing or wrong"}`) // a stranger is told nothing
}

// TestTheAnswerTellsOfTheEarlierChain moves an entry to another system user.
func TestTheAnswerTellsOfTheEarlierChain(t *testing.T) {
	s := start(t)
	s.form.Provision.(*provision.Provisioner).Records = s.store.Provisioned()
	s.change(`"message":"x"`)
	s.system.Break(nstest.CreateUser, 1, nstest.Refuses(503, "Out of order"))
	status, answer := s.change(`"ns_system_user":8003.0`)
	if !strings.HasSuffix(answer, `,"earlier":"kept: user 8001 goes on answering calls until the new chain stands"}`) || s.system.User(domain, "8001") == nil {
		t.Errorf("%d %s", status, answer)
	}
	status, answer = s.change(`"ns_system_user":"8003"`)
	if !strings.HasSuffix(answer, `,"earlier":"removed"}`) || s.system.User(domain, "8001") != nil {
		t.Errorf("%d %s", status, answer)
	}
}

func TestIgnoredFieldsAreInTheLog(t *testing.T) {
	s := start(t)
	s.send("application/x-www-form-urlencoded", "id="+id+"&secret="+secret+"&Message=x", nil)
	if log := s.log.String(); !strings.Contains(log, "ignored=Message") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestNumbersAreNeverStoredAsFloats: a spreadsheet's 8001.0 once made a user of
// that name, and took 8001 away.
// https://github.com/wireservice/csvkit/issues/1143
func TestNumbersAreNeverStoredAsFloats(t *testing.T) {
	for object, want := range map[string]entry.Text{
		`"ns_system_user":8003.0`:           {SystemUser: "8003"},
		`"ns_system_user":8.003e3`:          {SystemUser: "8003"},
		`"ns_system_user":"8003.0"`:         {SystemUser: "8003"},
		`"ns_system_user":"8003.00"`:        {SystemUser: "8003"},
		`"ns_system_user":[8003.0]`:         {SystemUser: "8003"},
		`"user":2000.0`:                     {User: "2000"},
		`"user":"2000."`:                    {User: "2000"},
		`"from_number":12125550100.0`:       {FromNumber: "12125550100"},
		`"from_number":1.21255501E10`:       {FromNumber: "12125550100"},
		`"from_number":"12125550100.0"`:     {FromNumber: "12125550100"},
		`"from_number":"+12125550100.00"`:   {FromNumber: "12125550100"},
		`"from_number":"1.21255501E+10"`:    {FromNumber: "12125550100"},
		`"from_number":"1.212.555.0100"`:    {FromNumber: "12125550100"},
		`"ns_system_user":"john.smith-2.0"`: {SystemUser: "john.smith-2.0"},
	} {
		s := start(t)
		status, answer := s.change(object)
		if status != 200 {
			t.Errorf("%s: %d %s", object, status, answer)
		}
		got := s.text(id)
		if want.User != "" && got.User != want.User || want.SystemUser != "" && got.SystemUser != want.SystemUser || want.FromNumber != "" && got.FromNumber != want.FromNumber {
			t.Errorf("%s: the entry is %+v", object, got)
		}
	}
	for object, says := range map[string]string{
		`"ns_system_user":8001.5`:         "the field ns_system_user is the number 8001.5, which is not a whole one",
		`"ns_system_user":"8001.5"`:       "the field ns_system_user is the number 8001.5, which is not a whole one",
		`"ns_system_user":-8001`:          "the field ns_system_user is the number -8001, which is below zero",
		`"ns_system_user":"-8001.0"`:      "the field ns_system_user is the number -8001.0, which is below zero",
		`"user":1e400`:                    "the field user is the number 1e400, of which digits may be lost: send it as a text",
		`"from_number":1.21e10`:           "the field from_number is the number 1.21e10, of which digits may be lost: send it as a text",
		`"from_number":"1.21256E+10"`:     "the field from_number is the number 1.21256E+10, of which digits may be lost: send it as a text",
		`"from_number":true`:              "the field from_number is true, which is neither a text nor a number",
		`"message":{"en":"x"}`:            "the field message is an object, which is neither a text nor a number",
		`"message":"\ud83d","user":[1,2]`: `the field message has half a character, \\ud83d: send it as UTF-8; the field user is a list of 2, which is neither a text nor a number`,
	} {
		s := start(t)
		before := s.file()
		status, answer := s.change(object)
		wantAnswer(t, status, answer, 400, `{"message":"`+says+`"}`)
		if s.file() != before || len(s.system.Calls()) > 0 {
			t.Error("something was done")
		}
	}
}

func TestWhatIsWrongWithAFieldOfNobodysHurtsNobody(t *testing.T) {
	s := start(t)
	status, answer := s.change(`"extra":{"a":[1,{"b":null}]},"more":1.5`)
	wantAnswer(t, status, answer, 200, strings.TrimSuffix(allCreated, "}")+`,"ignored":"extra, more"}`)
	status, answer = s.send("application/x-www-form-urlencoded; charset=utf-8", "id="+id+"&secret="+secret+"&referrer=caf%E9", nil)
	wantAnswer(t, status, answer, 200, strings.TrimSuffix(allExist, "}")+`,"ignored":"referrer"}`)
}
