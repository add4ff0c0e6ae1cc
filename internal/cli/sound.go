package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/switchhook/switchhook/internal/audio"
	"github.com/switchhook/switchhook/internal/fault"
)

// players are programs that play a WAV file, with the arguments before it.
var players = [][]string{
	{"pw-play"}, {"paplay"}, {"aplay", "-q"}, {"ffplay", "-nodisp", "-autoexit", "-loglevel", "error"}, {"play", "-q"}, {"afplay"},
}

// playSound plays a clip with the first player that this machine has.
func playSound(ctx context.Context, m *Main, clip audio.Clip) (err error) {
	for _, player := range players {
		program, lookErr := exec.LookPath(player[0])
		if lookErr != nil {
			continue
		}
		file, err := os.CreateTemp("", "switchhook-*.wav")
		if err != nil {
			return fmt.Errorf("play the call: %w", err)
		}
		defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
		if err := errors.Join(audio.WriteWAV(file, clip), file.Close()); err != nil {
			return fmt.Errorf("play the call: %w", err)
		}
		command := exec.CommandContext(ctx, program, append(player[1:], file.Name())...)
		command.Stdout, command.Stderr = io.Discard, m.Err
		if err := command.Run(); err != nil {
			return &fault.Error{Code: fault.Unavailable, Message: player[0] + " did not play the call", Err: err, Hint: "--hear FILE.wav writes it to a file"}
		}
		return nil
	}
	return fault.Newf(fault.Unsupported, "no program that plays sound is found").WithHint("--hear FILE.wav writes the call to a file")
}
