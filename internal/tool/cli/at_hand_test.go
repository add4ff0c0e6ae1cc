//go:build unix

package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestAReaderWhoHasSeenEnoughIsNoMistake(t *testing.T) {
	config := store.Config{Folder: t.TempDir(), Exclusive: true}
	s := storetest.Open(t, config)
	if _, err := s.Enqueue(t.Context(), ledger.Text{Entry: "shop", To: "12125550123", Deadline: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	var said bytes.Buffer
	list := exec.Command("switchhook", "texts", "list", "-c", settingsOf(t, config))
	list.Stdout, list.Stderr = writer, &said
	if err := list.Run(); err != nil || said.Len() > 0 {
		t.Errorf("it ends with %v, and says %s", err, said.String())
	}
	writer.Close()
}

func TestAnotherUserIsToldWhatToType(t *testing.T) {
	const nobody = 65534
	if os.Geteuid() != 0 {
		t.Skip("only root can run something as another user")
	}
	path := folder(t, map[string]string{
		"switchhook.toml": onCallSettings("[[oncall.source]]\nkind = \"file\"\npath = \"ann.toml\"\n"),
		"ann.toml":        rotaOfAnn,
	})
	program := filepath.Join(t.TempDir(), "switchhook")
	from, err := exec.LookPath("switchhook")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", from, program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data := filepath.Join(path, "data")
	for _, open := range []string{filepath.Dir(filepath.Dir(program)), filepath.Dir(program), program, filepath.Dir(path), path} {
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	says := func(want string) {
		t.Helper()
		command := exec.Command(program, "texts", "list", "--entry", "a shop", "-c", "switchhook.toml")
		command.Dir = path
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v, and it does not say %q:\n%s", err, want, out)
		}
	}
	again := "sudo switchhook texts list --entry 'a shop' -c switchhook.toml\n"
	p := serve(t, path, "-c", "switchhook.toml")
	says("switchhook.toml belongs to the user root: " + again)
	if err := os.Chmod(filepath.Join(path, "switchhook.toml"), 0o644); err != nil {
		t.Fatal(err)
	}
	says("data belongs to the user root: " + again)
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	says("data/switchhook.db belongs to the user root: " + again)
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}
