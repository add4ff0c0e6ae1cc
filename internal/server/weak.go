package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/config"
)

// ShortSecrets returns a server's secrets that are too short. Those in a data
// folder that no server has used yet are refused. Others date from before there
// was a minimum length: refusing them would lock their users out, so we only
// warn.
func ShortSecrets(ctx context.Context, settings *config.Settings) (refused, warned []config.Problem) {
	isNew := len(settings.Weak()) > 0 && !inUse(ctx, settings)
	for _, w := range settings.Weak() {
		if isNew && !w.Old {
			refused = append(refused, w.Problem)
		} else {
			warned = append(warned, w.Problem)
		}
	}
	path := filepath.Join(string(settings.Data), TokenFile)
	text, err := os.ReadFile(path) // if it cannot be read, that is reported elsewhere
	if token := strings.TrimSpace(string(text)); err == nil && token != "" && config.IsShort(token) {
		warned = append(warned, config.ShortSecret(config.Origin{Kind: config.SecretFile, File: path}, "the operator's token", token))
	}
	return refused, warned
}

// inUse reports whether a server has used the data folder or the database
// before. If we cannot tell, the answer is yes: an installed server has to
// start.
func inUse(ctx context.Context, settings *config.Settings) bool {
	for _, name := range []string{TokenFile, entriesBefore} {
		if _, err := os.Stat(filepath.Join(string(settings.Data), name)); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	s, err := OpenStore(ctx, settings)
	if err == nil {
		_ = s.Close() // nothing was written
	}
	return fault.CodeOf(err) != fault.NotFound
}

// checkShortSecrets refuses new short secrets, and warns of the others. It runs
// before anything is made in the data folder.
func (a *Server) checkShortSecrets(ctx context.Context, settings *config.Settings) error {
	refused, warned := ShortSecrets(ctx, settings)
	for _, p := range warned {
		a.log.WarnContext(ctx, "short secret in use", "problem", p.String())
	}
	return config.Refuse(refused)
}

// newShortSecrets returns an Error about short secrets that the current
// settings do not have.
func newShortSecrets(settings, inForce *config.Settings) error {
	var refused []config.Problem
	for _, w := range settings.Weak() {
		known := slices.ContainsFunc(inForce.Weak(), func(k config.Weak) bool { return k.Secret.Equal(w.Secret) })
		if !known && !w.Old {
			refused = append(refused, w.Problem)
		}
	}
	return config.Refuse(refused)
}
