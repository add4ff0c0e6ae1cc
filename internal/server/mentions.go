package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
)

// Mentions returns the settings, and the operator's files, that hold a number.
// They are the operator's to change.
func Mentions(settings *config.Settings, number *phone.Finder) (held []store.Held) {
	for _, setting := range settings.Describe() {
		if number.In(setting.Value) {
			held = append(held, store.Held{What: "setting", Name: setting.Path, Why: "the server goes by it: change it in " + setting.Origin.String()})
		}
	}
	before := filepath.Join(string(settings.Data), entriesBefore)
	files := []string{string(settings.DomainsFile), before, before + takenOver}
	if settings.OnCall != nil {
		for _, source := range settings.OnCall.Sources {
			files = append(files, string(source.Path))
		}
	}
	for _, path := range files {
		if why := inFile(path, number); why != "" {
			held = append(held, store.Held{What: "file", Name: path, Why: why})
		}
	}
	return held
}

// inFile says where an operator's file holds a number; empty: nowhere.
func inFile(path string, number *phone.Finder) string {
	if path == "" {
		return ""
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return "it cannot be read: look there yourself"
	}
	var lines []string
	at := 0
	for line := range strings.Lines(string(text)) {
		if at++; number.In(line) {
			lines = append(lines, strconv.Itoa(at))
		}
	}
	if lines == nil {
		return ""
	}
	return "it is yours to change, line " + strings.Join(lines, ", ")
}
