package phone_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/switchhook/switchhook/internal/phone"
)

// libraryKinds are our words for the library's.
var libraryKinds = map[phonenumbers.PhoneNumberType]phone.Kind{
	phonenumbers.FIXED_LINE: phone.FixedLine, phonenumbers.MOBILE: phone.Mobile, phonenumbers.FIXED_LINE_OR_MOBILE: phone.FixedOrMobile,
	phonenumbers.TOLL_FREE: phone.TollFree, phonenumbers.PREMIUM_RATE: phone.Premium, phonenumbers.SHARED_COST: phone.SharedCost,
	phonenumbers.VOIP: phone.VoIP, phonenumbers.PERSONAL_NUMBER: phone.Personal, phonenumbers.PAGER: phone.Pager,
	phonenumbers.UAN: phone.Company, phonenumbers.VOICEMAIL: phone.Voicemail, phonenumbers.UNKNOWN: phone.Invalid,
}

// compare tells where we say something else of a number than the library does:
// with its country code, and as people in a region dial it.
func compare(t *testing.T, digits, region string) {
	t.Helper()
	if len(digits) < 7 || len(digits) > 15 {
		return // too short to be asked, or longer than E.164
	}
	want := phone.Invalid
	parsed, err := phonenumbers.Parse("+"+digits, "ZZ")
	if err == nil {
		want = libraryKinds[phonenumbers.GetNumberType(parsed)]
	}
	got := phone.Classify("+"+digits, nil)
	if got != phone.Special && got != want {
		t.Errorf("+%s is %s, want %s", digits, got, want)
	}
	if got == phone.Special && !strings.HasPrefix(digits, "1") {
		t.Errorf("+%s is %s", digits, got)
	}
	parsed, err = phonenumbers.Parse(digits, region)
	valid := err == nil && phonenumbers.IsValidNumberForRegion(parsed, region)
	if got := phone.Valid(digits, region); got != valid {
		t.Errorf("%s is valid in %s: %v, want %v (%v, %v)", digits, region, got, valid, parsed, err)
	}
	if valid {
		want := strings.TrimPrefix(phonenumbers.Format(parsed, phonenumbers.E164), "+")
		if got, err := phone.E164digits(digits, region); len(want) <= 15 && (got != want || err != nil) {
			t.Errorf("%s in %s is %s, %v; want %s", digits, region, got, err, want)
		}
	}
}

// TestNumbersAreWhatTheLibrarySays takes the examples of each region and kind,
// as they are dialled at home and abroad, and what is near them.
func TestNumbersAreWhatTheLibrarySays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seen := map[phone.Kind]int{}
	for _, region := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		if !phone.KnownRegion(region) {
			t.Errorf("%s is not known", region)
		}
		for kind := range phonenumbers.UNKNOWN {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			seen[libraryKinds[kind]]++
			national := phonenumbers.GetNationalSignificantNumber(example)
			for _, prefix := range []string{"", "0", "1", "00", "+"} {
				digits := strings.TrimPrefix(prefix+national, "+")
				if prefix == "+" {
					digits = fmt.Sprint(example.GetCountryCode()) + national
				}
				compare(t, digits, region)
				near := []byte(digits)
				near[random.IntN(len(near))] = byte('0' + random.IntN(10))
				compare(t, string(near), region)
			}
			compare(t, national[:len(national)-1], region)
			compare(t, national+"5", region)
		}
	}
	for _, kind := range libraryKinds {
		if seen[kind] == 0 && kind != phone.Invalid {
			t.Errorf("there was no example of %s", kind)
		}
	}
}

// FuzzNumbers looks for digits of which we say something else than the library.
func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{"12125550123", "0019734321440", "01114155550123", "4420794600", "390612345678", "5491123456789", "5511961234567", "81312345678", "0900123456"} {
		f.Add(seed, "US")
		f.Add(seed, "AR")
		f.Add(seed, "IT")
	}
	f.Fuzz(func(t *testing.T, digits, region string) {
		if strings.Trim(digits, "0123456789") != "" || !phone.KnownRegion(region) {
			return
		}
		compare(t, digits, region)
	})
}
