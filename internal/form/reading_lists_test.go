package form_test

import (
	"net/http"
	"testing"
)

// TestListsInForms: PHP and jQuery write the names of lists with brackets
// (https://www.php.net/manual/en/faq.html.php#faq.html.arrays,
// https://api.jquery.com/jquery.param/). A list of one is its item, as in JSON.
func TestListsInForms(t *testing.T) {
	const part = "--x\r\nContent-Disposition: form-data; name="
	for _, row := range []struct{ kind, body, want string }{
		{plain, "message[]=x", message("x")},
		{plain, "message%5B%5D=x", message("x")},
		{plain, "message[0]=x", message("x")},
		{plain, "message%5b0%5d=x&message%5b1%5d=", message("x")},
		{plain, "message[]=", `{}`},
		{plain, "message=y&message[]=x", message("y")},
		{plain, "[]=x&message=y", message("y")},
		{plain, "message[a]=x", `{}`},
		{multipart, part + "\"message[]\"\r\n\r\nx\r\n--x--\r\n", message("x")},
		{multipart, part + "'message'\r\n\r\nx\r\n--x--\r\n", message("x")}, // by hand
		{plain, "message[]=x&message[]=y", `{"message":"the field message is a list of 2, which is neither a text nor a number"}`},
		{plain, "message[0]=x&message[1]=y&message[2]=z", `{"message":"the field message is a list of 3, which is neither a text nor a number"}`},
	} {
		if _, answer := send(t, http.MethodPost, row.kind, row.body, secretly, echoMessage); answer != row.want {
			t.Errorf("%s: %s, want %s", row.body, answer, row.want)
		}
	}
}

// TestHalvesOfCharactersInUTF8 has a character of two halves, each written as
// UTF-8, as Java and older databases do: https://www.unicode.org/reports/tr26/.
func TestHalvesOfCharactersInUTF8(t *testing.T) {
	for body, want := range map[string]string{
		"message=%ED%A0%BD%ED%B8%80":            message("😀"),
		"message=caf%C3%A9+%ED%A0%BD%ED%B8%80!": message("café 😀!"),
		"message=%ED+%BD%ED8%80":                message("í ½í8€"),
		"message=%ED%95%9C":                     message("한"),
		"message=\xed\xa0\xbd\xed\xb8\x80":      message("😀"),
	} {
		if _, answer := send(t, http.MethodPost, plain, body, secretly, echoMessage); answer != want {
			t.Errorf("%s: %s, want %s", body, answer, want)
		}
	}
}
