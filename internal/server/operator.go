package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/config"
)

// TokenFile is the file in the data folder that holds the operator's token.
const TokenFile = "operator.token"

// addressFile is the file in the data folder where commands on the same machine
// find the address of a running Core.
const addressFile = "address"

// OperatorToken returns the operator's token of a data folder, and makes it the
// first time. Only the user that serves can read it.
func OperatorToken(folder string) (string, error) {
	path := filepath.Join(folder, TokenFile)
	text, err := os.ReadFile(path)
	if token := strings.TrimSpace(string(text)); err == nil && token != "" {
		return token, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", &fault.Error{Code: fault.Unavailable, Message: path + " cannot be read", Err: err}
	}
	token, err := makeToken(path)
	if err != nil {
		return "", &fault.Error{Code: fault.Unavailable, Message: path + " cannot be written", Err: err,
			Hint: "give the data folder to the user that serves, or name another: data"}
	}
	return token, nil
}

// makeToken makes a token and stores it. If two servers of one folder do so at
// once, both get the first one's.
func makeToken(path string) (string, error) {
	token := string(nsapi.NewToken(nsapi.SuperUser))
	made := path + "." + rand.Text()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), writePrivate(made, token)); err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(made) }()
	err := os.Link(made, path)
	if text, read := os.ReadFile(path); err != nil && read == nil {
		if other := strings.TrimSpace(string(text)); other != "" {
			return other, nil
		}
	}
	if err != nil { // it was empty, or the file system has no hard links
		err = os.Rename(made, path)
	}
	return token, err
}

// operatorToken returns the operator's token for the server. If the folder
// cannot store it, calls are still served; only what needs the token is closed.
func (a *Server) operatorToken(settings *config.Settings) (string, error) {
	token, err := OperatorToken(string(settings.Data))
	if err != nil && settings.Core == nil {
		a.log.Warn("no operator token; operator endpoints closed", "error", err.Error())
		return "", nil
	}
	return token, err
}

// writePrivate writes a line that only this user can read. It replaces the file
// whole or not at all.
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

// announce writes down where a Core listens, and returns a function to undo it.
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

// Reachable returns the address at which this machine reaches a listener:
// loopback for one on every interface.
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

// Running is a Core that is announced in a data folder.
type Running struct{ URL, Token string }

// Announced returns the Cores that are announced in some data folders. Some may
// have been killed.
func Announced(folders ...string) []Running {
	var all []Running
	for _, folder := range folders {
		address, err := os.ReadFile(filepath.Join(folder, addressFile))
		if err != nil {
			continue
		}
		token, err := os.ReadFile(filepath.Join(folder, TokenFile))
		if err != nil {
			continue // another user's
		}
		all = append(all, Running{URL: strings.TrimSpace(string(address)), Token: strings.TrimSpace(string(token))})
	}
	return all
}

// maxDemos is how many demos can run at once for one user.
const maxDemos = 9

// DemoFolders are the data folders that switchhook demo chooses from: the usual
// one first, then those for demos that run at the same time.
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
