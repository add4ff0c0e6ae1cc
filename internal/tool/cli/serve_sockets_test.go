//go:build unix

package cli_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/switchhook/switchhook/test/await"
)

// serveHanded serves with sockets that the process is started with, as under
// systemd: only the process itself can know its PID.
func serveHanded(t *testing.T, folder string, files ...*os.File) *process {
	t.Helper()
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
	}
	command := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=`+strconv.Itoa(len(files))+` LISTEN_FDNAMES='`+strings.Join(names, ":")+`' exec switchhook serve -c switchhook.toml`)
	command.ExtraFiles = files
	return begin(t, folder, command)
}

// socket listens as systemd does for a socket unit: nothing accepts yet.
func socket(t *testing.T, name string) (file *os.File, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	held, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	fd, err := syscall.Dup(int(held.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	file = os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { _ = file.Close() })
	return file, listener.Addr().String()
}

// waiting is a request in the backlog of a socket.
type waiting struct {
	t    *testing.T
	conn net.Conn
}

// asks connects and sends a request, whether or not a server is running.
func asks(t *testing.T, address, path string) waiting {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+address+"\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return waiting{t, conn}
}

func (w waiting) hears(want string) {
	w.t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(w.conn), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), want) {
		w.t.Errorf("heard %q (%v), want %s", body, err, want)
	}
}

// rotaSettings have Ann on call, with a separate on-call address.
func rotaSettings(listen, duty string) map[string]string {
	return map[string]string{"switchhook.toml": "listen = \"" + listen + "\"\ndata = \"data\"\n[oncall]\nlisten = \"" + duty + "\"\nsecret = \"correct horse battery staple\"\n" +
		"[[oncall.source]]\nkind = \"file\"\npath = \"rota.toml\"\n", "rota.toml": "[[person]]\nid = \"ann\"\nnumbers = [\"+31611111111\"]\n[[shift]]\npeople = [\"ann\"]\n"}
}

const (
	whoIsRung = "/voys-webhook?secret_key=correct%20horse%20battery%20staple&callerid=%2B31612345678"
	healthz   = "/healthz"
)

// TestConnectionsWaitInTheSocketsOfSystemd has requests arrive before the
// server starts, and between one and the next.
func TestConnectionsWaitInTheSocketsOfSystemd(t *testing.T) {
	main, listen := socket(t, "switchhook.socket")
	duty, dutyListen := socket(t, "switchhook.socket")
	path := folder(t, rotaSettings(listen, dutyListen))
	for range 2 {
		first, second := asks(t, listen, healthz), asks(t, dutyListen, whoIsRung)
		p := serveHanded(t, path, duty, main) // by address, in any order
		first.hears("ok")
		second.hears(annIsRung)
		if log := p.log.String(); strings.Contains(log, "level=WARN") {
			t.Errorf("the log has\n%s", log)
		}
		if code := p.stop(syscall.SIGTERM); code != 0 {
			t.Errorf("the exit code is %d", code)
		}
	}
}

func TestASocketThatNoSettingNamesIsTold(t *testing.T) {
	other, address := socket(t, "switchhook.socket")
	odd, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer odd.Close()
	p := serveHanded(t, folder(t, rotaSettings("127.0.0.1:0", "localhost:0")), other, odd)
	p.await(`socket not named by any setting" address=` + address + ` name=switchhook.socket`)
	p.await(`some sockets not handed over" error="what was handed over cannot be listened on: file descriptor 4`)
	asks(t, p.address, healthz).hears("ok")
}

// TestConnectionsWaitWhileTheServiceManagerStartsTheServerAnew has a manager
// hold the sockets of a server that opened them itself.
func TestConnectionsWaitWhileTheServiceManagerStartsTheServerAnew(t *testing.T) {
	m := manage(t, "")
	path := folder(t, rotaSettings("127.0.0.1:0", "localhost:0"))
	p := serveHanded(t, path)
	m.expect("READY=1")
	main, duty := m.kept["listen"], m.kept["oncall.listen"]
	if main == nil || duty == nil {
		t.Fatalf("the service manager holds %v", m.kept)
	}
	address, dutyAddress := p.address, p.onCallAddress()
	for _, how := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		p.stop(how)
		first, second := asks(t, address, healthz), asks(t, dutyAddress, whoIsRung)
		p = serveHanded(t, path, main, duty)
		first.hears("ok")
		second.hears(annIsRung)
	}

	// The settings win: addresses that they no longer name are closed.
	put(t, filepath.Join(path, "switchhook.toml"), strings.Replace(rotaSettings("127.0.0.1:0", "localhost:0")["switchhook.toml"],
		"listen = \"127.0.0.1:0\"\ndata", "listen = \"[::1]:0\"\ndata", 1))
	p.stop(syscall.SIGTERM)
	restarted := make(chan *process, 1)
	go func() { restarted <- serveHanded(t, path, main, duty) }()
	for m.kept["listen"] == main || m.kept["listen"] == nil {
		m.next()
	}
	p = await.From(t, "the server at its new address", restarted)
	asks(t, p.address, healthz).hears("ok")
	if !strings.HasPrefix(p.address, "[::1]:") {
		t.Errorf("it listens on %s", p.address)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Errorf("%s is listened on yet", address)
	}
}
