package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/nsapi"
)

// The files in the data folder by which commands on the same machine find a
// running Core and prove that they may use it.
const (
	tokenFile   = "operator.token"
	addressFile = "address"
)

// OperatorToken returns the operator's token of a data folder; the first time
// it is made. Only the user that serves can read it.
func OperatorToken(folder string) (string, error) {
	path := filepath.Join(folder, tokenFile)
	text, err := os.ReadFile(path)
	if token := strings.TrimSpace(string(text)); err == nil && token != "" {
		return token, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", &fault.Error{Code: fault.Unavailable, Message: path + " cannot be read", Err: err}
	}
	token := string(nsapi.NewToken(nsapi.SuperUser))
	err = errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(path, []byte(token+"\n"), 0o600))
	if err != nil {
		return "", &fault.Error{Code: fault.Unavailable, Message: path + " cannot be written", Err: err,
			Hint: "give the data folder to the user that serves, or name another: data"}
	}
	return token, nil
}

// announce writes where a Core listens, and returns what takes that back.
func announce(folder, address string) (withdraw func(), err error) {
	path := filepath.Join(folder, addressFile)
	if err := os.WriteFile(path, []byte("http://"+address+"\n"), 0o600); err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Message: path + " cannot be written", Err: err}
	}
	return func() {
		if text, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(text)) == "http://"+address {
			_ = os.Remove(path)
		}
	}, nil
}

// Running is a Core that was announced in a data folder.
type Running struct{ URL, Token string }

// FindRunning returns the Core that is announced in the first of some data
// folders; false: none is.
func FindRunning(folders ...string) (Running, bool) {
	for _, folder := range folders {
		address, err := os.ReadFile(filepath.Join(folder, addressFile))
		if err != nil {
			continue
		}
		token, err := os.ReadFile(filepath.Join(folder, tokenFile))
		if err != nil {
			continue // of another user
		}
		return Running{URL: strings.TrimSpace(string(address)), Token: strings.TrimSpace(string(token))}, true
	}
	return Running{}, false
}

// DemoFolder is the data folder of switchhook demo.
func DemoFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the demo: %w", err)
	}
	return filepath.Join(cache, "switchhook", "demo"), nil
}
