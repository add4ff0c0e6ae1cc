package config_test

import (
	"strings"
	"testing"
)

// TestSettingsOfWindowsEditors reads settings and secrets with a byte order
// mark, and in UTF-16.
func TestSettingsOfWindowsEditors(t *testing.T) {
	utf16 := "\xFF\xFE"
	for _, c := range complete {
		utf16 += string(c) + "\x00"
	}
	for name, text := range map[string]string{"a mark": "\uFEFF" + complete, "UTF-16": utf16} {
		t.Run(name, func(t *testing.T) {
			s := load(t, fromFile(t, text, nil))
			if got := s.NetSapiens.Token.Reveal(); got != "token-of-the-file" {
				t.Errorf("the token is %q", got)
			}
		})
	}
	const secret = "file-of-a-windows-editor"
	withFile := strings.Replace(complete, `token = "token-of-the-file"`, `token_file = "token"`, 1)
	if got := load(t, fromFile(t, withFile, map[string]string{"token": "\uFEFF" + secret + "\r\n"})).NetSapiens.Token.Reveal(); got != secret {
		t.Errorf("the token is %q", got)
	}
}

// TestTextsOfSettingsAreComposed: é counts as one letter when we count and
// send.
func TestTextsOfSettingsAreComposed(t *testing.T) {
	s := load(t, fromFile(t, complete+"\n[textback]\nstop_confirmation = \"Arre\u0302te\u0301.\"\n", nil))
	if got := s.TextBack.StopConfirmation; got != "Arrêté." {
		t.Errorf("%+q", got)
	}
}
