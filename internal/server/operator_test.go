package server_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
)

func TestTheTokenOfTheOperatorIsMadeOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "not", "yet")
	first, err := server.OperatorToken(folder)
	if err != nil || len(first) < 40 {
		t.Fatalf("%d characters, %v", len(first), err)
	}
	if again, err := server.OperatorToken(folder); err != nil || again != first {
		t.Errorf("it changes, %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "operator.token"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if anew, err := server.OperatorToken(folder); err != nil || anew == first || anew == "" {
		t.Errorf("an empty file is no token, %v", err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestAFolderThatCannotHoldTheToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.OperatorToken(file); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a file for a folder: %v", err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "operator.token"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := server.OperatorToken(folder); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a folder for a file: %v", err)
	}
}

func TestWhereAnAddressIsReached(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:5100": "127.0.0.1:5100", "0.0.0.0:5100": "127.0.0.1:5100", "[::]:5100": "127.0.0.1:5100",
		":5100": "127.0.0.1:5100", "[::1]:5100": "[::1]:5100", "192.0.2.1:80": "192.0.2.1:80", "host:80": "host:80",
	} {
		if got := server.Reachable(address); got != want {
			t.Errorf("%s is reached at %s", address, got)
		}
	}
}
