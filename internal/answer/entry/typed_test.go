package entry_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestFieldsAreTypedAsTheyAreMeant(t *testing.T) {
	for _, row := range []struct{ name, typed, want string }{
		{"message", `{"a": 1}`, `"{\"a\": 1}"`},
		{"messages.closed", "We open at 9.", `"We open at 9."`},
		{"texts.sent", "<b>", `"<b>"`},
		{"regions", "US,CA", `["US","CA"]`},
		{"regions", `["US"]`, `["US"]`},
		{"hours", `{"mon": ["09:00-17:00"]}`, `{"mon": ["09:00-17:00"]}`},
		{"hours.mon", "09:00-12:00,13:00-17:00", `["09:00-12:00","13:00-17:00"]`},
		{"cooldown.texts", "3", "3"},
		{"branding", `{"button_text": "Call"}`, `{"button_text": "Call"}`},
		{"hours", "", ""},
		{"messages.open", "", ""},
	} {
		got, err := entry.Typed(row.name, row.typed)
		if err != nil || string(got) != row.want {
			t.Errorf("%s=%s is %s, %v; want %s", row.name, row.typed, got, err, row.want)
		}
	}
	for _, row := range []struct{ name, typed, says, hint string }{
		{"mesage", "x", `there is no field "mesage"`, "is message meant?"},
		{"", "x", `there is no field ""`, "the fields are "},
		{"message.x", "x", `there is no field "message.x"`, "the fields are "},
		{"closed", "x", `there is no field "closed"`, "is messages.closed meant?"},
		{"messages.", "x", `there is no field "messages."`, "of messages there are open, closed, holiday"},
		{"limits.weekly", "x", `there is no field "limits.weekly"`, "of limits there are number_per_day"},
		{"limits.widget_per_day", "many", `the field limits.widget_per_day: "many" is not a number`, ""},
		{"limits", "5", "", ""},
		{"cooldown", "3 an hour", `the field cooldown is not JSON: "3 an hour"`, `cooldown='{"texts": 3, "minutes": 60}'`},
	} {
		_, err := entry.Typed(row.name, row.typed)
		switch {
		case row.says == "":
			if err != nil { // the entry's own check refuses it
				t.Errorf("%s=%s: %v", row.name, row.typed, err)
			}
		case err == nil, fault.CodeOf(err) != fault.Invalid, err.Error() != row.says, len(fault.HintOf(err)) < len(row.hint), fault.HintOf(err)[:len(row.hint)] != row.hint:
			t.Errorf("%s=%s: %v (%s), want %s (%s)", row.name, row.typed, err, fault.HintOf(err), row.says, row.hint)
		}
	}
}

func TestAFieldIsSetOrTakenOut(t *testing.T) {
	f := open(t, `{"z": {}, "a": {"x": 1.0, "message": "hello", "hours": {"mon": []}, "texts": {"sent": "ok", "refused": "no"}}}`)
	set := func(id string, create bool, fields map[string]json.RawMessage) error {
		_, _, err := f.Set(context.Background(), id, fields, create)
		return err
	}
	if err := set("a", false, map[string]json.RawMessage{"hours.mon": nil, "texts.sent": nil, "user": json.RawMessage(`"2000"`)}); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"z\": {},\n  \"a\": {\n    \"x\": 1.0,\n    \"message\": \"hello\",\n    \"texts\": {\n      \"refused\": \"no\"\n    },\n    \"user\": \"2000\"\n  }\n}\n"
	if diff := cmp.Diff(want, f.text()); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	if err := set("b", false, nil); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("there is no b: %v", err)
	}
	if err := set("a", false, map[string]json.RawMessage{"hours": json.RawMessage(`7`)}); fault.CodeOf(err) != fault.Invalid || f.text() != want {
		t.Errorf("it is %v, and the file %s", err, f.text())
	}
	if err := set("b", true, map[string]json.RawMessage{"message": json.RawMessage(`"hi"`)}); err != nil || f.message("b") != "hi" {
		t.Errorf("b is not made: %v", err)
	}

	// An entry that cannot be used is repaired.
	f.write(`{"c": {"message": 7, "user": "2000"}}`)
	if err := set("c", false, map[string]json.RawMessage{"message": json.RawMessage(`"hi"`)}); err != nil || f.message("c") != "hi" {
		t.Errorf("c is not repaired: %v", err)
	}
}
