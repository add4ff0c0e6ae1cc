package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
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
	if err := errors.Join(os.MkdirAll(folder, 0o700), writePrivate(path, token)); err != nil {
		return "", &fault.Error{Code: fault.Unavailable, Message: path + " cannot be written", Err: err,
			Hint: "give the data folder to the user that serves, or name another: data"}
	}
	return token, nil
}

// writePrivate writes a line that only this user can read, whole or not at all,
// whatever stood there.
func writePrivate(path, line string) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = file.WriteString(line + "\n")
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// announce writes where a Core listens, and returns what takes that back.
func announce(folder, address string) (withdraw func(), err error) {
	path, url := filepath.Join(folder, addressFile), "http://"+Reachable(address)
	if err := writePrivate(path, url); err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Message: path + " cannot be written", Err: err}
	}
	return func() {
		if text, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(text)) == url {
			_ = os.Remove(path)
		}
	}, nil
}

// Reachable returns where this machine reaches what listens at an address: on
// every interface, it is loopback.
func Reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// Running is a Core that was announced in a data folder.
type Running struct{ URL, Token string }

// Announced returns the Cores that are announced in some data folders. One that
// was killed may be among them.
func Announced(folders ...string) []Running {
	var all []Running
	for _, folder := range folders {
		address, err := os.ReadFile(filepath.Join(folder, addressFile))
		if err != nil {
			continue
		}
		token, err := os.ReadFile(filepath.Join(folder, tokenFile))
		if err != nil {
			continue // of another user
		}
		all = append(all, Running{URL: strings.TrimSpace(string(address)), Token: strings.TrimSpace(string(token))})
	}
	return all
}

// maxDemos is how many demos can run at once for one user.
const maxDemos = 9

// DemoFolders are the data folders that switchhook demo chooses from: the first
// is the usual one, the others are for demos that run beside it.
func DemoFolders() ([]string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find a folder for the demo: %w", err)
	}
	folders := make([]string, maxDemos)
	for i := range folders {
		folders[i] = filepath.Join(cache, "switchhook", "demo")
		if i > 0 {
			folders[i] += fmt.Sprintf("-%d", i+1)
		}
	}
	return folders, nil
}
