package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/switchhook/switchhook/internal/fault"
)

// errTooLarge says that a file is larger than what is read of its kind.
var errTooLarge = errors.New("it is too large")

// readIfChanged reads a file, unless its stamp is the one that is known. The
// stamp changes with the file: with its time, its size, or where another file
// is put in its place.
func readIfChanged(path, known string, limit int64) (data []byte, stamp string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, "", err
	}
	stamp = fmt.Sprintf("%d %d", info.ModTime().UnixNano(), info.Size())
	if stamp == known {
		return nil, stamp, nil
	}
	data, err = io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooLarge
	}
	return data, stamp, err
}

// fileError explains why a file cannot be read.
func fileError(kind, path string, err error) *Error {
	e := &Error{Source: kind, Code: fault.Invalid, Err: err, Message: fmt.Sprintf("%s cannot be read", path)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Message, e.Hint = path+" is not there", "check the path; Switchhook looks for it from its own working directory"
	case errors.Is(err, fs.ErrPermission):
		e.Message, e.Hint = "Switchhook may not read "+path, "let the user that runs Switchhook read the file"
	case errors.Is(err, errTooLarge):
		e.Message = path + " is too large to be a rota"
	}
	return e
}
