package barring_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

func allow(countries ...barring.Country) func(*barring.Settings) {
	return func(s *barring.Settings) { s.AllowedCountries = countries }
}

func premium(s *barring.Settings) { s.Premium = true }

func TestCallsAreJudgedByWhomTheyReach(t *testing.T) {
	for _, c := range []struct {
		name, home string
		set        func(*barring.Settings)
		want       map[string]barring.Result
	}{
		{"North America by default", "US", nil, map[string]barring.Result{
			near: barring.Admitted, "+14165550123": barring.Admitted, "+18005550123": barring.Admitted,
			"+16020001111": barring.Admitted, "+14160001111": barring.Admitted, "+19000001111": barring.Foreign,
			jamaica: barring.Foreign, "+18095550123": barring.Foreign, "+17875550123": barring.Foreign, "+12645550123": barring.Foreign,
			"+18761000000": barring.Foreign, "+15555550100": barring.Foreign,
			"+442079460958": barring.Foreign, "+5353123456": barring.Foreign,
			"+881612345678": barring.Foreign, "+870773111632": barring.Foreign, "+882161234567": barring.Foreign, "+883510012345": barring.Foreign,
			"+979123456789": barring.Foreign, "+80812345678": barring.Foreign, "+80012345678": barring.Foreign, "+878101234567890": barring.Foreign,
			"+19005550123": barring.Premium, "+12129761234": barring.Premium, "+15002345678": barring.Premium, "+12125551212": barring.Premium,
			phones: barring.Admitted, "SIPS:ann@example.net": barring.Admitted,
		}},
		{"a country of its own code", "NL", nil, map[string]barring.Result{
			"+31612345678": barring.Admitted, "+31999999999": barring.Admitted, "+31201234567": barring.Admitted, "+31880123456": barring.Admitted,
			"+319001234": barring.Premium, near: barring.Foreign, "+32470123456": barring.Foreign, "+18005550123": barring.Foreign,
		}},
		{"a country that shares its code", "GB", nil, map[string]barring.Result{
			"+442079460958": barring.Admitted, "+443001234567": barring.Admitted,
			"+447797712345": barring.Foreign, "+447911123456": barring.Foreign, // mobiles of Jersey and Guernsey
			"+448712345678": barring.Premium, "+449012345678": barring.Premium, "+447012345678": barring.Premium,
		}},
		{"countries that are allowed", "US", allow("JM", "GB"), map[string]barring.Result{
			jamaica: barring.Admitted, "+442079460958": barring.Admitted, "+447797712345": barring.Foreign, "+18095550123": barring.Foreign,
			"+449012345678": barring.Premium,
		}},
		{"first digits that are allowed", "US", allow("+881", "+1555", "+4420", "+979"), map[string]barring.Result{
			"+881612345678": barring.Admitted, "+882161234567": barring.Foreign, "+15555550100": barring.Admitted,
			"+442079460958": barring.Admitted, "+441134960000": barring.Foreign, "+979123456789": barring.Premium,
		}},
		{"premium numbers", "US", premium, map[string]barring.Result{
			"+19005550123": barring.Admitted, "+12129761234": barring.Admitted, "+449012345678": barring.Foreign,
		}},
		{"emergencies", "US", premium, map[string]barring.Result{
			"911": barring.Emergency, "112": barring.Emergency, "999": barring.Emergency, "+1911": barring.Emergency, "1911": barring.Emergency,
			"9911": barring.Emergency, "+112": barring.Emergency, "+44999": barring.Emergency, "tel:911": barring.Emergency, "urn:service:sos.fire": barring.Emergency,
		}},
		{"what no network dials", "US", allow("GB", "AR"), map[string]barring.Result{
			"": barring.NotANumber, "+": barring.NotANumber, "200": barring.NotANumber, "2125550123": barring.NotANumber, "411": barring.NotANumber,
			"+1212555012": barring.NotANumber, "+1212555012345": barring.NotANumber, "+1 212 555 0123": barring.NotANumber, "0018765550123": barring.NotANumber,
			"+44 (0)20 7946 0958": barring.NotANumber, "+4402079460958": barring.NotANumber, "+0018765550123": barring.NotANumber, "+54111523456789": barring.NotANumber,
			"tel:+12125550123": barring.NotANumber, "+12125550123;ext=4": barring.NotANumber, "http://example.net": barring.NotANumber, "anonymous": barring.NotANumber,
			"+12125550123\n": barring.NotANumber, "+１2125550123": barring.NotANumber, "+120": barring.NotANumber, "sip": barring.NotANumber,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := maps.Clone(c.want)
			for to := range c.want {
				d := open(c.home, c.set)
				if release, err := d.Admit(ann, to); err == nil {
					release(0)
				}
				for result := range d.results {
					got[to] = result
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithoutACallingCodeEachNumberIsAbroad(t *testing.T) {
	b := barring.New(barring.Config{Settings: defaults})
	if _, err := b.Admit(ann, near); fault.CodeOf(err) != fault.Refused {
		t.Errorf("a call from nowhere: %v", err)
	}
}

func TestARefusalSaysWhatToSet(t *testing.T) {
	for to, want := range map[string][2]string{
		jamaica:         {"+1876•••0123 is a number of JM, which core.allowed_countries does not name", `if it may be called, add "JM" there`},
		"+15555550100":  {"+1555•••0100 is a number of an area whose country is not known, which core.allowed_countries does not name", `if it may be called, add "+1555" there`},
		"+881612345678": {"+8816•••5678 is a number of satellite telephones or another network of no country, which core.allowed_countries does not name", `if it may be called, add "+881" there`},
		"+19005550123":  {"+1900•••0123 is a premium number, and core.premium is false", "if such numbers may be called, set it to true"},
		"911":           {"emergency calls cannot be made here", "use a mobile phone, or a telephone with a line of its own"},
		"2125550123":    {"212•••0123 is not a telephone number with a plus and its country's code", ""},
	} {
		d := open("US", nil)
		judged := d.Judge(to)
		if told := d.told(); judged == nil || told != "" || len(d.results) > 0 {
			t.Errorf("a judgement about %s is %v, and tells %s", to, judged, told)
		}
		message, hint := d.refused(t, ann, to)
		if judged.Error() != message {
			t.Errorf("a judgement about %s is %v", to, judged)
		}
		if diff := cmp.Diff(want, [2]string{message, hint}); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCallersWhoNeedHelpHearWhatToDo(t *testing.T) {
	for to, want := range map[string]bool{"911": true, "+1911": true, jamaica: false, "411": false} {
		_, err := open("US", nil).Admit(ann, to)
		announced, ok := errors.AsType[*engine.Announced](err)
		if ok != want || ok && !strings.HasPrefix(announced.Say, "Emergency calls cannot be made from here.") {
			t.Errorf("a call to %s: %+v", to, announced)
		}
	}
}

func TestRefusedCallsAreAnOperatorsMatter(t *testing.T) {
	d := open("US", nil)
	for _, c := range []struct{ to, told, text string }{
		{jamaica, "calls_barred ann@example.net", `+1876•••0123 is a number of JM, which core.allowed_countries does not name; if it may be called, add "JM" there. If nobody`},
		{"+19005550123", "calls_barred ann@example.net", "core.premium is false"},
		{"911", "emergency_refused ann@example.net", "the emergency number 911"},
		{"200", "", ""},
	} {
		d.refused(t, "Ann@example.net", c.to)
		text := ""
		if len(d.alerts) > 0 {
			text = d.alerts[0].Text
		}
		if told := d.told(); told != c.told || !strings.Contains(text, c.text) {
			t.Errorf("a call to %s: told %q %q, want %q %q", c.to, told, text, c.told, c.text)
		}
	}
}

func TestNewSettingsHoldForTheNextCall(t *testing.T) {
	d := open("US", nil)
	d.refused(t, ann, jamaica)
	settings := defaults
	settings.AllowedCountries = []barring.Country{"JM"}
	d.Set(settings)
	d.call(t, ann, jamaica)
}

func TestCountriesAreReadAsOperatorsWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"GB": "GB", "jm": "JM", "+881": "+881", "+1876": "+1876", "+31": "+31",
		"": "is something else", "UK": "is something else", "Jamaica": "is something else", "44": "is something else", "+": "is something else",
		"+999": "is something else", "+44x": "is something else", "+1234567890123456": "is something else", "+0": "is something else",
		"+1":  `is the calling code of 25 countries; name those that are meant, such as "US"`,
		"+44": `is the calling code of 4 countries; name those that are meant, such as "GB"`,
	} {
		var c barring.Country
		err := c.UnmarshalText([]byte(text))
		got := string(c)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// What is admitted is dialled as it stands: it must be what was judged.
func FuzzJudging(f *testing.F) {
	for _, to := range []string{near, jamaica, phones, "911", "+1911", "+881612345678", "+4402079460958", "+54111523456789", "+5215512340101", "tel:+12125550123"} {
		f.Add(to)
	}
	allowed := map[string]bool{"US": true, "CA": true, "GB": true, "MX": true, "AR": true}
	f.Fuzz(func(t *testing.T, to string) {
		release, err := open("US", allow("GB", "MX", "AR")).Admit(ann, to)
		if err != nil {
			if e := err.Error(); len(strings.Trim(to, "0123456789")) == 1 && len(to) > len("+1555012") && strings.Contains(e, to) {
				t.Errorf("%q is told whole: %s", to, e)
			}
			return
		}
		defer release(0)
		if scheme, _, _ := strings.Cut(strings.ToLower(to), ":"); scheme == "sip" || scheme == "sips" {
			return
		}
		digits, plus := strings.CutPrefix(to, "+")
		if !plus || strings.Trim(digits, "0123456789") != "" || len(digits) > 15 {
			t.Fatalf("%q may be called", to)
		}
		if n := phone.Read(to, phone.Home{}); !allowed[n.Region()] || n.Kind() == phone.Premium {
			t.Errorf("%q of %q may be called: it is %s", to, n.Region(), n.Kind())
		}
	})
}
