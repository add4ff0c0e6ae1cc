package entry_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

func TestBrandingIsChangedMemberByMember(t *testing.T) {
	for _, row := range []struct {
		before, after string
		fields        map[string]string
	}{
		{``, `{"queue":"9002@example.net","branding":{"button_text":"Call <us> now"}}`,
			map[string]string{entry.FieldQueue: "9002@example.net", entry.FieldButtonText: "Call <us> now"}},
		{`{"branding":{"logo_url":"","shape":{"round":true},"button_color":"#fff"},"x":1}`,
			`{"branding":{"logo_url":"https://example.net/l.png","shape":{"round":true},"button_color":"#000"},"x":1}`,
			map[string]string{entry.FieldLogoURL: "https://example.net/l.png", entry.FieldButtonColor: "#000"}},
		{`{"branding":null}`, `{"branding":{"company_name":"Example"}}`, map[string]string{entry.FieldCompanyName: "Example"}},
	} {
		item, _, err := entry.Item{ID: "x", Object: json.RawMessage(row.before)}.With(row.fields)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(item.Object, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(row.after), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.before, diff)
		}
	}
}
