package core_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestFieldsAreReadAsClientsWriteThem(t *testing.T) {
	f, err := core.ParseFields([]byte(`{"s":"x","n":18587645226,"yes":"YES","no":"no","true":true,"null":null,"list":["a",1," ",null,"b "],"o":{"enabled":"yes"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"s": "x", "n": "18587645226", "true": "", "null": "", "list": "", "gone": ""} {
		if got := f.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{"yes": true, "no": false, "true": true, "null": true, "gone": true, "s": false} {
		if got := f.Yes(name, true); got != want {
			t.Errorf("%s says %v, want %v", name, got, want)
		}
	}
	if diff := cmp.Diff([]string{"a", "1", "b"}, f.Texts("list")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"18587645226"}, f.Texts("n")); diff != "" {
		t.Errorf("n as a list (-want +got):\n%s", diff)
	}
	if !f.Nested("o").Yes("enabled", false) || f.Nested("s") != nil || f.Texts("o") != nil || f.Texts("gone") != nil {
		t.Error("nested members are read wrongly")
	}
}

func TestBadJSONIsRefusedWithASentence(t *testing.T) {
	for text, want := range map[string]string{
		``:          "nothing was given",
		`  `:        "nothing was given",
		`null`:      "null was given",
		`[]`:        "a JSON array was given",
		`"x"`:       "a JSON string was given",
		`{"a":1`:    "ends too early",
		`{"a":1}{}`: "something follows",
		`{"a":1} x`: "something follows",
		`{a:1}`:     "cannot be read",
		`{"a":tru}`: "cannot be read",
		`<?xml?>`:   "cannot be read",
	} {
		_, err := core.ParseFields([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzFields(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":{"b":[1,"2",null]}}`, `{"a":1e400}`, `{"a":"\ud800"}`, "{\"\xff\":1}", `null`, `{"a":1}1`} {
		f.Add([]byte(seed), "a")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		fields, err := core.ParseFields(data)
		if err != nil {
			return
		}
		_, _, _, _ = fields.Text(name), fields.Yes(name, true), fields.Nested(name), fields.Texts(name)
		encoded, err := json.Marshal(fields)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := core.ParseFields(encoded)
		if err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if len(again) != len(fields) {
			t.Errorf("%d members became %d", len(fields), len(again))
		}
	})
}
