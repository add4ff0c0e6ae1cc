package form_test

import (
	"net/http"
	"testing"
)

// Some quote names so by hand, which is not for MIME.
func TestANameInApostrophes(t *testing.T) {
	const body = "--x\r\nContent-Disposition: form-data; name='message'\r\n\r\nx\r\n--x--\r\n"
	if _, answer := send(t, http.MethodPost, multipart, body, secretly, echoMessage); answer != message("x") {
		t.Errorf("%s", answer)
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
