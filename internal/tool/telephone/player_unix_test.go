//go:build unix

package telephone_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/tool/telephone"
	"github.com/switchhook/switchhook/test/await"
)

// programs makes a PATH with programs that are shell scripts.
func programs(t *testing.T, scripts map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\nOUT="+folder+"\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder)
	return folder
}

// written waits until a program has written a file.
func written(t *testing.T, path string) string {
	t.Helper()
	deadline := time.After(await.Limit)
	for {
		if text, err := os.ReadFile(path); err == nil {
			return string(text)
		}
		select {
		case <-deadline:
			t.Fatalf("%s was not written", filepath.Base(path))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestSoundGoesToTheFirstProgramThatCanPlay(t *testing.T) {
	folder := programs(t, map[string]string{
		"paplay": "cat > /dev/null; echo no server >&2; exit 1\n",
		"aplay":  "cat > $OUT/sound.$$; mv $OUT/sound.$$ $OUT/sound; echo $* > $OUT/arguments\n",
		"play":   "cat > $OUT/wrong\n",
	})
	player, err := telephone.FindPlayer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sound := player.Begin()
	sound.Write(audio.Clip{1, -2})
	sound.Write(audio.Clip{0x1234})
	sound.End()
	player.Begin().End() // nothing was written: nothing is played
	player.Close()
	if got, want := written(t, filepath.Join(folder, "sound")), "\x01\x00\xfe\xff\x34\x12"; got != want {
		t.Errorf("played %x, want %x", got, want)
	}
	if got := written(t, filepath.Join(folder, "arguments")); !strings.Contains(got, "-r 8000") {
		t.Errorf("arguments %q", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "wrong")); err == nil {
		t.Error("the second program was used too")
	}
}

func TestSoundStopsAtOnce(t *testing.T) {
	folder := programs(t, map[string]string{
		"play": "[ -e $OUT/probed ] || { touch $OUT/probed; exec cat > /dev/null; }\ntouch $OUT/begun; exec sleep 86400\n",
	})
	player, err := telephone.FindPlayer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sound := player.Begin()
	sound.Write(audio.Silence(time.Minute))
	written(t, filepath.Join(folder, "begun"))
	sound.Stop()
	player.Close()
}

func TestProgramThatTakesFilesGetsAFile(t *testing.T) {
	folder := programs(t, map[string]string{"afplay": "cp $1 $OUT/file.$$; mv $OUT/file.$$ $OUT/file.wav\n"})
	player, err := telephone.FindPlayer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := player.Play(t.Context(), audio.Silence(time.Second)); err != nil {
		t.Fatal(err)
	}
	player.Close()
	clip, err := audio.ReadWAV(strings.NewReader(written(t, filepath.Join(folder, "file.wav"))))
	if err != nil || clip.Duration() != time.Second {
		t.Errorf("played %v, %v", clip.Duration(), err)
	}
}

// TestProgramThatTakesFilesGetsOneAfterAnother: what comes while it plays the
// first is the second.
func TestProgramThatTakesFilesGetsOneAfterAnother(t *testing.T) {
	folder := programs(t, map[string]string{"afplay": "cp $1 $OUT/file.$$; mv $OUT/file.$$ $OUT/$(($(wc -c < $1))).wav\n"})
	player, err := telephone.FindPlayer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const header = 44
	s := player.Begin()
	for _, length := range []time.Duration{time.Second, 2 * time.Second} {
		clip := audio.Silence(length)
		s.Write(clip)
		written(t, filepath.Join(folder, fmt.Sprintf("%d.wav", header+2*len(clip))))
	}
	s.End()
	player.Close()
}

func TestNoProgramThatPlaysSoundIsSaid(t *testing.T) {
	programs(t, nil)
	if _, err := telephone.FindPlayer(t.Context()); fault.CodeOf(err) != fault.Unsupported || err.Error() != "no program that plays sound is found" {
		t.Errorf("error %v", err)
	}
	programs(t, map[string]string{"aplay": "exit 1\n", "play": "exit 1\n"})
	if _, err := telephone.FindPlayer(t.Context()); err == nil || err.Error() != "no program can play sound here (tried: aplay, play)" {
		t.Errorf("error %v", err)
	}
}

func TestPlayingEndsWithItsContext(t *testing.T) {
	programs(t, map[string]string{"play": "exec cat > /dev/null\n"})
	player, err := telephone.FindPlayer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := player.Play(ctx, audio.Silence(time.Second)); err == nil {
		t.Error("no error")
	}
	player.Close()
}
