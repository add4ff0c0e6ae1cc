package cli

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// writeFile writes a file whole or not at all: as a temporary file that is then
// renamed.
func writeFile(path string, write func(io.Writer) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%s cannot be written", path), Err: err}
	}
	defer func() {
		if err != nil {
			_ = temporary.Close()
			_ = os.Remove(temporary.Name())
		}
	}()
	if err := write(temporary); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := temporary.Chmod(0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(temporary.Name(), path)
}

// canWrite reports why no file can be written at a path; "" and - are not
// files.
func canWrite(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fault.Newf(fault.Invalid, "%s cannot be written: there is no folder %s", path, filepath.Dir(path))
	}
	return nil
}

// writeSaved writes a call for switchhook test.
func writeSaved(path string, saved *trace.Saved, mask bool) error {
	if mask {
		saved = saved.Masked()
	}
	return writeFile(path, saved.Write)
}

// unlimited is the limit of files that operators write.
const unlimited = math.MaxInt64

// readInput reads a file, or standard input for -, up to a limit in bytes; what
// says what is in it.
func (m *Main) readInput(path, what string, limit int64) ([]byte, error) {
	in := io.NopCloser(m.In)
	var err error
	if path != "-" {
		in, err = os.Open(path)
	}
	var text []byte
	if err == nil {
		defer func() { _ = in.Close() }()
		text, err = io.ReadAll(io.LimitReader(in, limit))
	}
	if err != nil {
		return nil, &fault.Error{Code: fault.NotFound, Message: what + " cannot be read", Err: err}
	}
	return text, nil
}

// readSaved reads a saved call.
func (m *Main) readSaved(path string) (*trace.Saved, error) {
	text, err := m.readInput(path, "a saved call", unlimited)
	if err != nil {
		return nil, err
	}
	saved, err := trace.ReadSaved(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return saved, nil
}
