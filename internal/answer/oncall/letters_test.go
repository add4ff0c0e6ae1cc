package oncall_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
)

// TestANotificationMayBeginWithAByteOrderMark, as what some programs of Windows
// post does.
func TestANotificationMayBeginWithAByteOrderMark(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "notification-ringing.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := oncall.ParseNotification(data)
	if err != nil {
		t.Fatal(err)
	}
	utf16 := []byte{0xFF, 0xFE}
	for _, c := range data { // all of it is ASCII
		utf16 = append(utf16, c, 0)
	}
	for name, marked := range map[string][]byte{"UTF-8": append([]byte("\uFEFF"), data...), "UTF-16": utf16} {
		got, err := oncall.ParseNotification(marked)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
