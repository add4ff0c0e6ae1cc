package form_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestABrokenEscapeStaysItself follows the URL standard: a % that two hex
// digits do not follow stays, the rest is decoded.
// https://url.spec.whatwg.org/#percent-decode, and what goes wrong otherwise:
// https://github.com/Semantic-Org/Semantic-UI/issues/3240,
// https://github.com/nodejs/node/issues/35012,
// https://github.com/helidon-io/helidon/issues/11909,
// https://github.com/Gozala/querystring/issues/30.
func TestABrokenEscapeStaysItself(t *testing.T) {
	for sent, want := range map[string]string{
		"50%+off+today%21":       "50% off today!",
		"100%":                   "100%",
		"100%2":                  "100%2",
		"%":                      "%",
		"%%":                     "%%",
		"%%2f":                   "%/",
		"%2%2af%2a":              "%2*f*",
		"%+1":                    "% 1",
		"%zz%41":                 "%zzA",
		"%4":                     "%4",
		"%4g%c5%bc":              "%4gż",
		"%u0107+%c4%87":          "%u0107 ć", // escape() of old scripts: no standard takes it
		"%25u0107":               "%u0107",
		"10%25%20tax+%":          "10% tax %",
		"5%%20off":               "5% off",
		"a%C5%BCb%C5":            "ażbÅ", // undeclared: half a character is Windows-1252
		"1;2;3":                  "1;2;3",
		"a=b==":                  "a=b==",
		"%2B1%202+3":             "+1 2 3",
		"a%0Ab":                  "a\nb",
		"%F0%9F%98%80 %":         "😀 %",
		"%e2%80%9cok%E2%80%9D%x": "“ok”%x",
	} {
		if status, answer := send(t, http.MethodPost, plain, "id=x&message="+sent+"&z=1", secretly, echoMessage); status != 200 || answer != message(want) {
			t.Errorf("%s: %d %s, want %s", sent, status, answer, message(want))
		}
	}
}

func TestBrokenEscapesInNames(t *testing.T) {
	for _, body := range []string{"mess%61ge=x&a%=1", "100%=y&message=x", "&&=&message=x&%zz", "message=x&message%5B%=y"} {
		if status, answer := send(t, http.MethodPost, plain, body, secretly, echoMessage); status != 200 || answer != message("x") {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
}

// TestADeclaredCharsetAndABrokenEscape has both.
func TestADeclaredCharsetAndABrokenEscape(t *testing.T) {
	if status, answer := send(t, http.MethodPost, plain+"; charset=iso-8859-2", "message=50%+Za%BF%F3%B3%E6+%zz", secretly, echoMessage); status != 200 || answer != message("50% Zażółć %zz") {
		t.Errorf("%d %s", status, answer)
	}
}

// FuzzEscapes holds the reader of escapes against net/url's, where that has an
// opinion.
func FuzzEscapes(f *testing.F) {
	f.Add("50%+off+today%21")
	f.Add("%u0107")
	f.Fuzz(func(t *testing.T, value string) {
		for _, c := range value {
			if c == '&' || c == '{' || c < ' ' || c > '~' {
				t.Skip()
			}
		}
		want, err := url.QueryUnescape(value)
		if err != nil {
			want = ""
		}
		status, answer := send(t, http.MethodPost, plain, "x=1&message=.."+value+"..", secretly, echoMessage)
		if status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		for _, c := range want {
			if c < ' ' || c > '~' {
				return
			}
		}
		if want != "" && answer != `{"message":`+quoted(".."+want+"..")+`}` {
			t.Errorf("%q: %s, want %q", value, answer, want)
		}
	})
}
