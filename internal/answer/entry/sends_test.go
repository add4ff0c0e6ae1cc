package entry_test

import "testing"

func TestSendersAreFoundHoweverTheyAreWritten(t *testing.T) {
	f := open(t, `{"a": {"from_number": "12125550100"}, "b": {"from_number": 2125550101}, "c": {"from_number": "+1 (212) 555-0102"}, "d": {"message": "without a number"}}`)
	for number, want := range map[string]bool{
		"12125550100":     true,
		"2125550100":      true,
		"+1 212 555 0100": true,
		"12125550101":     true,
		"2125550102":      true,
		"12125550103":     false,
		"112125550100":    true, // a 1 too many
		"125550100":       false,
		"":                false,
		"anonymous":       false,
	} {
		if got := f.Sends(number); got != want {
			t.Errorf("%q: %v", number, got)
		}
	}
	f.update("d", map[string]string{"from_number": "12125550103"})
	if !f.Sends("2125550103") {
		t.Error("the number of a change does not count")
	}
	f.write(`{"a": {}}`)
	if f.Sends("2125550100") || f.Sends("2125550103") {
		t.Error("numbers count that are gone")
	}
}
