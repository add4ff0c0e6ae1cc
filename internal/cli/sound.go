package cli

import (
	"context"

	"github.com/switchhook/switchhook/internal/audio"
	"github.com/switchhook/switchhook/internal/telephone"
)

// playSound plays what the caller heard, with a program of this machine.
func playSound(ctx context.Context, clip audio.Clip) error {
	player, err := telephone.FindPlayer(ctx)
	if err != nil {
		return err
	}
	defer player.Close()
	return player.Play(ctx, clip)
}
