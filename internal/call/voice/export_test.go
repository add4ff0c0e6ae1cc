package voice

import (
	"os"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
)

// NewStreamed returns what a media stream sends, as a leg plays it.
func NewStreamed(m *engine.Media, codec audio.Codec) media.Source { return newStreamed(m, codec) }

// FullDevice is always full, where the system has it.
const FullDevice = "/dev/full"

// OnFullDisk has the rest of a recording written to FullDevice.
func OnFullDisk(r Recording) (Recording, error) {
	full, err := os.OpenFile(FullDevice, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	r.(*recordingFile).out.Reset(full)
	return r, nil
}
