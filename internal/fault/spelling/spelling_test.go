package spelling_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/fault/spelling"
)

func TestNamesAreFoundThatWereMeant(t *testing.T) {
	names := []string{"id", "api_domain", "user", "ns_system_user", "from_number", "message"}
	for name, want := range map[string]string{
		"Message": "message", "MESSAGE": "message", "mesage": "message", "massage": "message", "message ": "message", "messages": "message", "message[]": "message",
		"usr": "user", "User": "user", "uesr": "user", "From Number": "from_number", "from-number": "from_number", "fromNumber": "from_number", "ApiDomain": "api_domain",
		"ID": "id", "idd": "id", "phone": "", "zf_unique_id": "", "submit": "", "": "", "x": "", "ż": "",
	} {
		if got := spelling.Loosely(name, names); got != want {
			t.Errorf("%q is taken for %q, want %q", name, got, want)
		}
	}
	if got := spelling.Nearest("Message", names); got != "message" {
		t.Errorf("one letter off: %q", got)
	}
	if got := spelling.Nearest("MESSAGE", names); got != "" {
		t.Errorf("all letters off: %q", got)
	}
}
