//go:build unix

package doctor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestSpeechIsTried(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without espeak-ng")
	}
	espeak, err := exec.LookPath("espeak-ng")
	if err != nil {
		t.Fatal("this test needs espeak-ng: install the Debian package espeak-ng (apt-get install espeak-ng, or make deps)")
	}
	for name, tt := range map[string]struct {
		lines string // of a shell, in place of espeak-ng; none: it is not there
		more  string
		fails bool
		want  []string
	}{
		"it speaks":               {"exec " + espeak + ` "$@"`, "", false, []string{"ok    speech       espeak-ng speaks: a caller hears it after "}},
		"it is not there":         {"", "", false, []string{"warn  speech       espeak-ng, which speaks text, is not on the PATH", "apt-get install espeak-ng"}},
		"it fails":                {`[ "$1" = --voices ] && exec ` + espeak + ` "$@"; exit 3`, "", false, []string{"warn  speech       espeak-ng could not speak the text: exit status 3", "→ try it by hand: "}},
		"a domain's is not there": {"exec " + espeak + ` "$@"`, "[speech.domain.\"example.net\"]\nengine = \"flite\"\n", false, []string{"espeak-ng speaks", "warn  speech       flite, which", "apt-get install flite"}},
		"a recording is not":      {"", "[speech]\nfallback = \"sorry.wav\"\n", true, []string{"fail  speech       speech.fallback is ", "sorry.wav, which cannot be played", "ffmpeg"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "switchhook.toml")
			write(t, path, "listen = \"127.0.0.1:0\"\ndata = \""+filepath.ToSlash(folder)+"\"\n[core]\ndomain = \"example.net\"\n"+tt.more)
			programs := t.TempDir()
			if tt.lines != "" {
				if err := os.WriteFile(filepath.Join(programs, "espeak-ng"), []byte("#!/bin/sh\n"+tt.lines+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", programs)
			examine(t, path).wants(t, tt.fails, tt.want...)
		})
	}
}
