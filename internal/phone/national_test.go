package phone_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

func TestNumbersAreWrittenAsTheyAreDialled(t *testing.T) {
	for _, c := range []struct{ code, number, want string }{
		{"1", "+12125550123", "2125550123"},
		{"1", "+14165550123", "4165550123"}, // Canada
		{"1", "+442079460123", "011442079460123"},
		{"31", "+31201234567", "0201234567"},
		{"31", "+12125550123", "0012125550123"},
		{"39", "+390655512120", "0655512120"}, // Italy's 0 is of the number
		{"7", "+12125550123", "81012125550123"},
		{"61", "+61291234567", "0291234567"},
		{"61", "+12125550123", "001112125550123"},
		{"55", "+12125550123", "0012125550123"}, // Brazilians choose a carrier
		{"52", "+525512345678", "5512345678"},
		{"31", "200", "200"},
		{"999", "+12125550123", "12125550123"}, // of no country
		{"1", "", ""},
	} {
		home := phone.HomeOfCode(c.code)
		got := phone.Read(c.number, home).National(home)
		if got != c.want {
			t.Errorf("in the country of %s %s is %s, not %s", c.code, c.number, got, c.want)
		}
	}
}
