package sdp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestDescriptionIsFoundInTheBody(t *testing.T) {
	part := func(kind, content string) string {
		return "Content-Type: " + kind + "\r\n\r\n" + content
	}
	multipart := func(boundary string, parts ...string) string {
		return "--" + boundary + "\r\n" + strings.Join(parts, "\r\n--"+boundary+"\r\n") + "\r\n--" + boundary + "--\r\n"
	}
	place := part("application/pidf+xml", "<presence/>")
	isup := part("application/isup; version=itu-t92+", "\x01\x00\x60\xff\r\nv=0")
	session := part("application/sdp", asterisk)
	early := "Content-Disposition: early-session\r\n" + part("application/sdp", baresip)
	for _, c := range []struct{ name, contentType, body, want string }{
		{"alone", "application/sdp", asterisk, asterisk},
		{"alone, in another case with parameters", "Application/SDP; charset=utf-8", asterisk, asterisk},
		{"without a type", "", asterisk, asterisk},
		{"second", "multipart/mixed; boundary=b1", multipart("b1", place, session), asterisk},
		{"first", "multipart/mixed;boundary=b1", multipart("b1", session, isup), asterisk},
		{"beside bytes", `multipart/mixed; boundary="b1"`, multipart("b1", isup, session), asterisk},
		{"a boundary in quotation marks", `multipart/related; type="application/sdp"; Boundary="a b:=?"`, multipart("a b:=?", place, session), asterisk},
		{"a boundary that lacks them", "multipart/mixed; boundary=----=_Part_1.2/x:y; charset=utf-8", multipart("----=_Part_1.2/x:y", place, session), asterisk},
		{"LF", "multipart/mixed; boundary=b1", strings.ReplaceAll(multipart("b1", place, session), "\r\n", "\n"), strings.ReplaceAll(asterisk, "\r\n", "\n")},
		{"a preamble", "multipart/mixed; boundary=b1", "for people\r\n" + multipart("b1", session), asterisk},
		{"no last boundary", "multipart/mixed; boundary=b1", strings.TrimSuffix(multipart("b1", place, session), "\r\n--b1--\r\n"), strings.TrimSuffix(asterisk, "\r\n")},
		{"within a part", "multipart/mixed; boundary=b1", multipart("b1", place, part("multipart/alternative; boundary=b2", multipart("b2", session))), asterisk},
		{"too deep within parts", "multipart/mixed; boundary=b1", multipart("b1", part("multipart/x; boundary=b2", multipart("b2",
			part("multipart/x; boundary=b3", multipart("b3", part("multipart/x; boundary=b4", multipart("b4", session))))))), ""},
		{"behind an early session", "multipart/mixed; boundary=b1", multipart("b1", early, session), asterisk},
		{"not there", "multipart/mixed; boundary=b1", multipart("b1", place, isup), ""},
		{"in an early session alone", "multipart/mixed; boundary=b1", multipart("b1", early), ""},
		{"of another type", "application/isup", "v=0", ""},
		{"no body", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := sdp.Part(c.contentType, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodiesThatCannotBeTakenApartAreInvalid(t *testing.T) {
	deep := "multipart/mixed; boundary=b"
	for _, c := range []struct{ name, contentType, body string }{
		{"no boundary", "multipart/mixed", "--b\r\n"},
		{"an empty boundary", `multipart/mixed; boundary=""`, "--b\r\n"},
		{"headers that are none", deep, "--b\r\nno header\r\n\r\nv=0\r\n--b--\r\n"},
		{"too long", "application/sdp", strings.Repeat("x", 64<<10+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := sdp.Part(c.contentType, []byte(c.body)); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("got %q and %v, want it to be invalid", got, err)
			}
		})
	}
}

// FuzzPart looks for a description in anything.
func FuzzPart(f *testing.F) {
	f.Add("application/sdp", []byte(asterisk))
	f.Add(`multipart/mixed; boundary="b"`, []byte("--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n"))
	f.Add("multipart/mixed; boundary=a", []byte("--a\r\nContent-Type: multipart/x; boundary=b\r\n\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n--a--"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		found, err := sdp.Part(contentType, body)
		switch {
		case err != nil && (found != nil || fault.CodeOf(err) != fault.Invalid):
			t.Fatalf("%q with %v", found, err)
		case len(found) > len(body):
			t.Fatalf("%d bytes were found in %d", len(found), len(body))
		}
	})
}
