package phone_test

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/switchhook/switchhook/internal/phone"
)

// The numbers are those that the countries' authorities publish.
func TestEmergencyNumbersAreKnownByCountry(t *testing.T) {
	for region, numbers := range map[string]string{
		"US": "911 112", "CA": "911 112", "GB": "999 112", "IE": "999 112", "NL": "112", "BE": "112 100 101",
		"DE": "112 110", "FR": "112 15 17 18", "CH": "112 117 118 144", "AT": "112 122 133 144", "IT": "112 113 115 118",
		"ES": "112", "PL": "112 997 998 999", "SE": "112", "NO": "110 112 113", "RU": "112 101 102 103", "AU": "000 106 112", "NZ": "111",
		"JP": "110 119", "CN": "110 119 120", "KR": "112 119", "HK": "999 112", "SG": "995 999", "IN": "112 100 101 108",
		"BR": "190 192 193", "MX": "911", "AR": "911", "ZA": "112 10111 10177", "IL": "100 101 102", "AE": "997 998 999", "TR": "112",
		"GN": "112", // of which the data has none
	} {
		for number := range strings.FieldsSeq(numbers) {
			code := phone.CallingCode(region)
			for _, text := range []string{number, "9" + number, "0" + number, "+" + code + number, code + number, " " + number[:1] + "-" + number[1:] + " "} {
				if !phone.Emergency(text, phone.HomeIn(region)) {
					t.Errorf("%s is no emergency number in %s", text, region)
				}
			}
		}
	}
}

func TestEmergencyNumbersOfOtherCountriesAreKnownBehindTheirCode(t *testing.T) {
	for _, text := range []string{"+44999", "+33 15", "+3317", "+81110", "+1911", "1911", "+61000", "urn:service:sos", "URN:service:sos.fire"} {
		if !phone.Emergency(text, phone.HomeIn("NL")) {
			t.Errorf("%s is no emergency number", text)
		}
	}
	for _, text := range []string{"911", "112", "999", "000", "08", "110", "118", "119"} {
		if !phone.Emergency(text, phone.Home{}) {
			t.Errorf("%s is no emergency number at sea", text)
		}
	}
}

func TestOtherNumbersAreNoEmergency(t *testing.T) {
	for _, text := range []string{
		"", "0", "9", "200", "1500", "411", "611", "988", "91190", "+31112000000", "+19115550123", "+911123456789", "911123456789",
		"+15", "+33 1 53 00 00 00", "+44 113 496 0112", "112@example.net", "sip:112@example.net", "urn:service:counseling", "urn:service:sosfire",
	} {
		if phone.Emergency(text, phone.HomeIn("US")) {
			t.Errorf("%q is an emergency number", text)
		}
	}
}

func TestNoNumberInUseIsAnEmergency(t *testing.T) {
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			text := phonenumbers.Format(example, phonenumbers.E164)
			if phone.Emergency(text, phone.HomeIn(region)) {
				t.Errorf("%s of %s is an emergency number", text, region)
			}
		}
	}
}

func TestANumberIsOfACountry(t *testing.T) {
	for number, want := range map[string]string{
		"+12125550123": "US", "+14165550123": "CA", "+18765550123": "JM", "+18095550123": "DO", "+17875550123": "PR",
		"+18761000000":  "JM", // which is in use nowhere, of an area code that is Jamaica's
		"+16020001111":  "US",
		"+14160001111":  "CA", // two that nobody can have, of areas of countries
		"+19000001111":  "",
		"+18005550123":  "US",
		"+442079460958": "GB", "+447797712345": "JE", "+447911123456": "GG",
		"+31612345678": "NL", "+31999999999": "NL", "+77011234567": "KZ", "+79123456789": "RU", "+390669812345": "VA", "+390612345678": "IT",
		"+525512340101": "MX", "+5215512340101": "MX",
		"+15555550123": "", "+17215550123": "SX",
		"+881612345678": "", "+870773111632": "", "+883510012345": "", "+979123456789": "", "+80012345678": "", "2000": "",
	} {
		if got := phone.Read(number, phone.HomeIn("US")).Region(); got != want {
			t.Errorf("%s is of %q, want %q", number, got, want)
		}
	}
}

func TestCallingCodesAreSplitOff(t *testing.T) {
	for digits, want := range map[string]string{
		"12125550123": "1 US", "447797712345": "44 GB", "31612345678": "31 NL", "1": "1 US", "881612345678": "881", "870": "870",
		"3": "", "0": "", "": "", "999": "", "21": "",
	} {
		code, regions := phone.SplitCode(digits)
		if got := strings.TrimSpace(code + " " + strings.Join(regions[:min(1, len(regions))], "")); got != want {
			t.Errorf("%s begins with %q, want %q", digits, got, want)
		}
	}
	if _, regions := phone.SplitCode("1"); len(regions) < 20 {
		t.Errorf("the code 1 is of %v alone", regions)
	}
}

// A number that is in use must never be taken for one that is short.
func FuzzEmergency(f *testing.F) {
	for _, text := range []string{"911", "+1911", "9911", "urn:service:sos", "tel:112", "+911123456789", "+33 1 53 00 00 00", "0112", "+44999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, region := range []string{"US", "GB", "FR", "IN"} {
			home := phone.HomeIn(region)
			n, err := phone.Parse(text, home)
			if phone.Emergency(text, home) && err == nil && n.Valid() {
				t.Errorf("%q is an emergency number in %s, and %s", text, region, n.E164())
			}
		}
	})
}
