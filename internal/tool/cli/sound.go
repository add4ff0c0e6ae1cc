package cli

import (
	"context"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

// playSound plays what the caller heard, with one of this machine's programs.
func playSound(ctx context.Context, clip audio.Clip) error {
	player, err := telephone.FindPlayer(ctx)
	if err != nil {
		return err
	}
	defer player.Close()
	return player.Play(ctx, clip)
}
