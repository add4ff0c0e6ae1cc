package trunk

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/phone"
)

func TestNumbersAreWrittenAndReadAsTheCarrierDoes(t *testing.T) {
	for _, c := range []struct {
		format       Format
		code, number string
		want         string
	}{
		{E164Plus, "1", "+12125550123", "+12125550123"},
		{E164Plus, "31", "+31201234567", "+31201234567"},
		{E164, "1", "+12125550123", "12125550123"},
		{E164, "1", "+442079460123", "442079460123"},
		{E164, "1", "+6591234567", "6591234567"}, // which at home were one of Alabama
		{National, "1", "+12125550123", "2125550123"},
		{National, "1", "+442079460123", "011442079460123"},
		{National, "31", "+31201234567", "0201234567"},
		{National, "31", "+12125550123", "0012125550123"},
		{National, "44", "+442079460123", "02079460123"},
	} {
		home := phone.HomeOfCode(c.code)
		written := c.format.write(phone.Read(c.number, home), home)
		if written != c.want {
			t.Errorf("%s in the country of %s: %s is written %s, not %s", c.format, c.code, c.number, written, c.want)
		}
		if read := c.format.read(written, home); read != c.number {
			t.Errorf("%s in the country of %s: %s is read as %s", c.format, c.code, written, read)
		}
	}
}

// Carriers write some calls otherwise than they say.
func TestOtherNumbersOfACarrierAreReadAsTheyAre(t *testing.T) {
	for _, c := range []struct {
		format       Format
		code         string
		written, own string
	}{
		{E164, "1", "+12125550123", "+12125550123"},
		{E164, "1", "2125550123", "+12125550123"},
		{E164, "31", "0201234567", "+31201234567"},
		{E164Plus, "1", "12125550123", "+12125550123"},
		{E164Plus, "1", "2125550123", "+12125550123"},
		{National, "31", "+31201234567", "+31201234567"},
		{National, "31", "31201234567", "+31201234567"},
		{E164Plus, "1", "anonymous", "anonymous"},
		{E164, "1", "sales", "sales"},
		{E164, "1", "200", "200"},
		{E164, "1", "", ""},
		{E164, "1", "*97", "*97"},
		{E164, "1", "1234", "1234"},
	} {
		if got := c.format.read(c.written, phone.HomeOfCode(c.code)); got != c.own {
			t.Errorf("%s in the country of %s: %s is read as %s, not %s", c.format, c.code, c.written, got, c.own)
		}
	}
}

func TestNumbersComeBackAsTheyWent(t *testing.T) {
	numbers := []string{"+12125550123", "+14165550123", "+442079460123", "+31201234567", "+31612345678", "+4930901820", "+6591234567", "+390655512120", "+61291234567", "+33142345678"}
	rapid.Check(t, func(t *rapid.T) {
		home := phone.HomeOfCode(rapid.SampledFrom([]string{"1", "31", "44", "49", "39", "61", "33"}).Draw(t, "code"))
		format := rapid.SampledFrom([]Format{E164Plus, E164, National}).Draw(t, "format")
		number := rapid.SampledFrom(numbers).Draw(t, "number")
		written := format.write(phone.Read(number, home), home)
		if got := format.read(written, home); got != number {
			t.Fatalf("%s: %s is written %s and read as %s", format, number, written, got)
		}
	})
}
