package phone_test

import (
	"slices"
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

func TestNumbersAreClassified(t *testing.T) {
	us, german, several := []string{"US"}, []string{"DE"}, []string{"DE", "US"}
	for _, c := range []struct {
		name, number string
		regions      []string
		want         phone.Kind
	}{
		{"as a core gives it", "+19734321440", us, phone.FixedOrMobile},
		{"as the ledger keeps it", "19734321440", us, phone.FixedOrMobile},
		{"without its country's 1", "9734321440", us, phone.FixedOrMobile},
		{"no region is North America", "9734321440", nil, phone.FixedOrMobile},
		{"as people write it", "(973) 432-1440", us, phone.FixedOrMobile},
		{"a neighbour with the same code", "14165550123", us, phone.FixedOrMobile},
		{"abroad, with a plus", "+4915123456789", us, phone.Mobile},
		{"abroad, as the ledger keeps it", "4915123456789", us, phone.Mobile},
		{"abroad, as it is dialled", "0114915123456789", us, phone.Mobile},
		{"at home, as it is dialled", "015123456789", german, phone.Mobile},
		{"a land line abroad", "4930901820", us, phone.FixedLine},
		{"a land line at home", "030901820", german, phone.FixedLine},
		{"a land line, with a plus", "+44 20 7946 0958", us, phone.FixedLine},
		{"a zero too many", "+44 (0)20 7946 0958", us, phone.FixedLine},
		{"the second of the regions", "9734321440", []string{"GB", "US"}, phone.FixedOrMobile},
		{"the second of the regions, with its code", "19734321440", several, phone.FixedOrMobile},
		{"as one of the regions writes it", "9734321440", several, phone.FixedOrMobile},
		{"as the first of the regions dials it", "09734321440", several, phone.FixedLine},
		{"a plus overrides the region", "+6591234567", us, phone.Mobile},
		{"without one the region is tried first", "6592234567", us, phone.FixedOrMobile},

		{"free of charge", "18005550123", us, phone.TollFree},
		{"free of charge anywhere", "+80012345678", us, phone.TollFree},
		{"900", "19005550123", us, phone.Premium},
		{"976", "12129761234", us, phone.Special},
		{"500", "15002345678", us, phone.Special},
		{"588", "15882345678", us, phone.Special},
		{"an area code that is a service's", "14115550123", us, phone.Special},
		{"directory assistance", "12125551212", us, phone.Special},
		{"directory assistance of a neighbour", "+14165551212", us, phone.Special},
		{"directory assistance free of charge", "18005551212", us, phone.Special},
		{"directory assistance without an area code", "555-1212", us, phone.Special},
		{"one beside directory assistance", "12125551213", us, phone.FixedOrMobile},
		{"such digits elsewhere", "+390655512120", us, phone.FixedLine},
		{"a ship", "+870773111234", us, phone.Satellite},
		{"a satellite telephone", "+881612345678", us, phone.Satellite},
		{"a satellite telephone without its plus", "881612345678", us, phone.Satellite},
		{"a satellite telephone in a range nobody knows", "+88299999999", us, phone.Satellite},
		{"a network of no country", "+883510012345", us, phone.Satellite},
		{"a network of no country, in a range nobody knows", "883199990123456", us, phone.Satellite},
		{"such digits at home", "(881) 555-0123", us, phone.Invalid},
		{"personal", "+447012345678", us, phone.Personal},
		{"personal, of no country", "+878101234567890", us, phone.Personal},
		{"premium, of no country", "+979123456789", us, phone.Premium},
		{"976 elsewhere", "+4420976123", us, phone.Invalid},
		{"an area code of Oregon", "15035550123", us, phone.FixedOrMobile},
		{"a premium number abroad", "+4490012345678", us, phone.Invalid},
		{"a premium number of Germany", "+499001123456", us, phone.Premium},

		{"a short code", "12345", us, phone.Short},
		{"a longer one", "+262966", us, phone.Short},
		{"emergency", "911", us, phone.Short},
		{"an extension", "2000", us, phone.Short},

		{"nothing", "", us, phone.Invalid},
		{"a word", "anonymous", us, phone.Invalid},
		{"letters among digits", "1-800-FLOWERS", us, phone.Invalid},
		{"nobody's country", "+2101234567", us, phone.Invalid},
		{"nobody's area", "10005550123", us, phone.Invalid},
		{"a digit too few", "+1973432144", us, phone.Invalid},
		{"a digit too many", "+197343214400", us, phone.Invalid},
		{"far too many", "+123456789012345678901234567890123456789012345678901234567890", us, phone.Invalid},
		{"a region that is none", "9734321440", []string{"XX"}, phone.Invalid},
		{"an exchange that is none", "0000000000", us, phone.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := phone.Read(c.number, phone.HomeIn(c.regions...)).Kind(); got != c.want {
				t.Errorf("%s is %s, want %s", c.number, got, c.want)
			}
		})
	}
}

func TestNumbersAreOfARegion(t *testing.T) {
	for _, c := range []struct {
		number, region string
		want           bool
	}{
		{"(212) 555-0123", "US", true}, {"+1 212 555 0123", "US", true}, {"1.212.555.0123", "US", true}, {"212\u2011555\u20110123", "US", true},
		{"2125550123", "CA", false}, {"+14165550123", "US", false}, {"4165550123", "CA", true},
		{"+44 20 7946 0958", "GB", true}, {"+44 20 7946 0958", "US", false}, {"020 7946 0958", "GB", true},
		{"19005550123", "US", true}, // valid, and for Classify to refuse
		{"911", "US", false}, {"", "US", false}, {"+", "US", false}, {"555-0123", "US", false}, {"212 555 0123 ext. 7", "US", false}, {"2125550123", "", false}, {"2125550123", "us", false},
	} {
		if got := phone.Read(c.number, phone.HomeIn(c.region)).In(c.region); got != c.want {
			t.Errorf("%q is of %s: %v", c.number, c.region, got)
		}
	}
}

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct{ number, region, want string }{ // empty: an error
		{"(212) 555-0123", "US", "12125550123"}, {"+1 212-555-0123", "US", "12125550123"}, {"12125550123", "US", "12125550123"}, {" 2125550123 ", "US", "12125550123"},
		{"011 44 20 7946 0958", "US", "442079460958"}, {"+44 (0) 20 7946 0958", "US", "442079460958"}, {"442079460958", "US", "442079460958"}, {"020 7946 0958", "GB", "442079460958"},
		{"0001234567", "IT", "390001234567"}, // the zero belongs to the number
		{"0000555012", "US", "10000555012"},  // as many digits as there are to be
		{"", "US", ""}, {"12", "US", ""}, {"5550123", "US", ""}, {"21255501234567", "US", ""}, {"anonymous", "US", ""}, {"+0123456789", "US", ""}, {"2125550123;ext=1", "US", ""},
	} {
		n, err := phone.Parse(c.number, phone.HomeIn(c.region))
		if n.Digits() != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q in %s is %q, %v; want %q", c.number, c.region, n.Digits(), err, c.want)
		}
	}
	_, err := phone.Parse("12", phone.HomeIn("US"))
	if want := `"12" is not a telephone number: write it with a plus and the country's code, as in +12125550123`; err == nil || err.Error() != want {
		t.Errorf("the error is\n%v, want\n%s", err, want)
	}
}

func TestTheSameNumberIsKnown(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"+19734321440", "19734321440", true}, {"9734321440", "19734321440", true}, {"9734321440", "+1 (973) 432-1440", true}, {"2000", "2000", true},
		{"19734321440", "19734321441", false}, {"+9734321440", "19734321440", false}, {"2000", "12000", false}, {"9734321440", "29734321440", false},
		{"", "", false}, {"anonymous", "anonymous", false}, {"+", "", false},
	} {
		a, b := phone.Read(c.a, phone.HomeIn("US")), phone.Read(c.b, phone.HomeIn("US"))
		if a.Same(b) != c.want || b.Same(a) != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, !c.want)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	home := phone.HomeIn("US")
	b.ReportAllocs()
	for b.Loop() {
		phone.Read("19734321440", home)
	}
}

func TestNumbersAreWithinRegions(t *testing.T) {
	america := []string{"US", "CA"}
	for _, c := range []struct {
		number  string
		regions []string
		want    bool
	}{
		{"+12125550123", america, true}, {"2125550123", america, true}, {"+14165550123", america, true},
		{"+18765550123", america, false}, {"+18095550123", america, false}, {"+221771234567", america, false}, {"221771234567", america, false},
		{"011221771234567", america, false}, {"+881612345678", america, false}, {"+447911123456", america, false},
		{"+13665550123", america, true}, // an area code that was opened since
		{"+13665550123", []string{"JM"}, true},
		{"+13665550123", []string{"NL"}, false},
		{"+2219912345", america, false},                                                             // neither in use nor ours
		{"+2101234567", america, false},                                                             // of no country
		{"5550123", america, true}, {"4321440", america, true}, {"123456789012345", america, false}, // digits that only the phone system knows
		{"+31612340103", []string{"NL"}, true}, {"0612340103", []string{"NL"}, true}, {"+12125550123", []string{"NL"}, false},
		{"", america, false},
	} {
		if got := phone.Read(c.number, phone.HomeIn(c.regions...)).Within(c.regions); got != c.want {
			t.Errorf("%q is within %v: %v", c.number, c.regions, got)
		}
	}
}

func TestTheRegionsAroundANumber(t *testing.T) {
	for number, want := range map[string][]string{
		"+12125550100": {"US", "CA"}, "+14165550100": {"US", "CA"}, "+18765550100": {"US", "CA", "JM"}, "+13665550100": {"US", "CA"},
		"+31201234567": {"NL"}, "+442079460958": {"GB"}, "+31999999999": {"NL"}, "12345": {"US", "CA"}, "": {"US", "CA"},
	} {
		if got := phone.Around(phone.Read(number, phone.HomeIn())); !slices.Equal(got, want) {
			t.Errorf("around %q are %v, want %v", number, got, want)
		}
	}
}
