package server

import (
	"errors"

	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/server/config"
)

// ReadNamedFiles reads the files that settings name and a server needs to start. The
// error says which of them cannot be used.
func ReadNamedFiles(settings *config.Settings) error {
	_, err := speech.Open(settings.Speech, nil)
	if core := settings.Core; core != nil && core.Voice.TLS != (voice.TLSSettings{}) {
		_, unusable := LoadCertificate(core.Voice.TLS)
		err = errors.Join(err, unusable)
	}
	return err
}
