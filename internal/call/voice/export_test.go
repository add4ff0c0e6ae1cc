package voice

import (
	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
)

// NewStreamed returns what a media stream sends, as a leg plays it.
func NewStreamed(m *engine.Media, codec audio.Codec) media.Source { return newStreamed(m, codec) }
