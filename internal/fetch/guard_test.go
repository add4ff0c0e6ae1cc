package fetch_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/fetch"
)

func TestGuardedAddresses(t *testing.T) {
	none, loopback, private := fetch.Guard{}, fetch.Guard{Loopback: true}, fetch.Guard{Private: true}
	all := fetch.Guard{Loopback: true, Private: true}
	for _, row := range []struct {
		name      string
		addresses string
		allowed   []fetch.Guard
	}{
		{"public", "93.184.216.34 8.8.8.8 2606:2800:220:1:248:1893:25c8:1946 ::ffff:8.8.8.8", []fetch.Guard{none, loopback, private, all}},
		{"loopback", "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1", []fetch.Guard{loopback, all}},
		{"private", "10.0.0.5 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 fc00::1 fd12:3456::1 ::ffff:10.0.0.5",
			[]fetch.Guard{private, all}},
		{"unspecified", "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0", nil},
		{"link-local and metadata", "169.254.169.254 169.254.0.23 fe80::1 fe80::a9fe:a9fe%eth0 ::ffff:169.254.169.254 fd00:ec2::254 " +
			"fd20:ce::254 fd00:42::42 100.100.100.200 168.63.129.16 192.0.0.192", nil},
		{"multicast and broadcast", "224.0.0.1 239.255.255.250 255.255.255.255 240.0.0.1 ff02::1", nil},
		{"documentation and benchmark", "192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 2001:db8::1 3fff::1", nil},
		{"IPv4 inside IPv6", "2002:7f00:1::1 2002:a00:5::1 2002:808:808::1 64:ff9b::7f00:1 64:ff9b::10.0.0.5 64:ff9b:1::a00:5 " +
			"2001:0:4136:e378:8000:63bf:3fff:fdd2 ::127.0.0.1 ::10.0.0.5 ::ffff:0:10.0.0.5", nil},
		{"other scopes", "fec0::1 100::1 4000::1 fd00::1%eth0", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, guard := range []fetch.Guard{none, loopback, private, all} {
				want := false
				for _, g := range row.allowed {
					want = want || g == guard
				}
				for text := range strings.FieldsSeq(row.addresses) {
					if err := guard.Judge(netip.MustParseAddr(text)); (err == nil) != want {
						t.Errorf("%+v, %s: %v", guard, text, err)
					}
				}
			}
		})
	}
}

// TestGuardedURLs goes through the dial itself, where package net rewrites
// addresses before they are judged.
func TestGuardedURLs(t *testing.T) {
	s := server(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	port := strings.TrimPrefix(s.URL, "http://127.0.0.1")
	c := fetch.New(fetch.Options{})
	rows := map[string]string{
		"127.0.0.1":          "127.0.0.1" + port + " is this machine itself and may not be asked",
		"[::1]":              "[::1]" + port + " is this machine itself",
		"[::ffff:127.0.0.1]": "leads to 127.0.0.1, which is this machine itself",
		"10.0.0.5":           "a private address",
		"0.0.0.0":            "0.0.0.0",
		"[::]":               "",
		"[::ffff:10.0.0.5]":  "a private address",
		"169.254.169.254":    "a link-local address or one where a cloud keeps its credentials",
		"[64:ff9b::7f00:1]":  "not an address of the public internet",
		"[2002:7f00:1::]":    "not an address of the public internet",
		"[2001::1]":          "not an address of the public internet",
	}
	if !hasIPv6() { // the system refuses these before the guard is asked
		maps.DeleteFunc(rows, func(host, _ string) bool { return host[0] == '[' && !strings.Contains(host, "ffff") })
	}
	for host, sentence := range rows {
		_, err := get(t, c, "http://"+host+port+"/")
		e := failed(t, err, fetch.Guarded)
		contains(t, e.Message, sentence)
		if e.Hint == "" || e.Answered {
			t.Errorf("%s: %+v", host, e)
		}
	}
}

func TestLoopbackAllowed(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<Hangup/>") })
	port := strings.TrimPrefix(s.URL, "http://127.0.0.1")
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]"} {
		if _, err := get(t, client(t, fetch.Options{}), "http://"+host+port+"/"); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestNamesThatLeadToPrivateAddresses(t *testing.T) {
	names := &names{answers: map[string][]string{
		"intranet.example.": {"10.0.0.5"},
		"metadata.example.": {"169.254.169.254", "fe80::a9fe:a9fe"},
		"local.example.":    {"127.0.0.1"},
	}}
	c := fetch.New(fetch.Options{Resolver: names.resolver()})
	for host, sentence := range map[string]string{
		"intranet.example": "intranet.example:80 leads to 10.0.0.5, which is a private address and may not be asked",
		"metadata.example": "metadata.example:80 leads to ",
		"local.example":    "local.example:80 leads to 127.0.0.1, which is this machine itself and may not be asked",
	} {
		_, err := get(t, c, "http://"+host+"/")
		contains(t, failed(t, err, fetch.Guarded).Message, sentence)
	}
}

// TestRebinding: a name that was public when somebody looked is private when
// it is dialled, and one that was allowed for one request is not for the next.
func TestRebinding(t *testing.T) {
	var host string
	names := &names{answers: map[string][]string{"rebinding.example.": {"93.184.216.34"}}}
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		names.set("rebinding.example.", "10.0.0.5")
		io.WriteString(w, "<Hangup/>")
	})
	host = "http://rebinding.example:" + address(t, s.URL).Port() + "/"

	looked, err := names.resolver().LookupHost(t.Context(), "rebinding.example.")
	if err != nil || looked[0] != "93.184.216.34" {
		t.Fatal(looked, err)
	}
	names.set("rebinding.example.", "127.0.0.1")
	_, err = get(t, fetch.New(fetch.Options{Resolver: names.resolver()}), host)
	failed(t, err, fetch.Guarded)

	c := client(t, fetch.Options{Resolver: names.resolver()})
	if _, err := get(t, c, host); err != nil {
		t.Fatal(err)
	}
	_, err = get(t, c, host)
	contains(t, failed(t, err, fetch.Guarded).Message, "leads to 10.0.0.5")
}

func TestRedirectToPrivateAddress(t *testing.T) {
	targets := []string{"http://10.0.0.5/", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:a00:5]/", "http://0.0.0.0:22/", "//192.168.1.1/router"}
	if hasIPv6() {
		targets = append(targets, "http://[64:ff9b::a00:5]/", "http://[2002:a00:5::1]/", "http://[2001::1]/")
	}
	for _, target := range targets {
		s := server(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target+"?key="+secret, http.StatusFound)
		})
		_, err := get(t, client(t, fetch.Options{}), s.URL+"/call")
		e := failed(t, err, fetch.Guarded)
		contains(t, e.Message, s.URL+"/call redirects, and ")
		if !e.Answered {
			t.Error("the redirect was an answer")
		}
	}
}

func TestNoProxy(t *testing.T) {
	proxy := server(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	_, err := get(t, client(t, fetch.Options{Resolver: (&names{}).resolver()}), "http://host.example/")
	failed(t, err, fetch.Resolve)
}

func TestNamesThatCannotBeLookedUp(t *testing.T) {
	_, err := get(t, fetch.New(fetch.Options{Resolver: (&names{}).resolver()}), "http://nowhere.example/")
	e := failed(t, err, fetch.Resolve)
	if e.Message != "there is no host by the name nowhere.example" || e.Hint == "" || e.Answered {
		t.Errorf("%+v", e)
	}
	down := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}
	_, err = get(t, fetch.New(fetch.Options{Resolver: down}), "http://nowhere.example/")
	e = failed(t, err, fetch.Resolve)
	if e.Message != "the name nowhere.example could not be looked up" || e.Hint == "" {
		t.Errorf("%+v", e)
	}
}

func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	_, err = get(t, client(t, fetch.Options{}), "http://"+host+"/call")
	e := failed(t, err, fetch.Refused)
	if e.Message != host+" refused the connection" || e.Hint == "" || e.Answered {
		t.Errorf("%+v", e)
	}
}

// TestGuardOfHTTP: what is lent to WebSockets holds to the same rules.
func TestGuardOfHTTP(t *testing.T) {
	circle := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	inward := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://10.0.0.5/", http.StatusFound)
	})
	for raw, kind := range map[string]fetch.Kind{
		circle.URL:         fetch.Redirects,
		inward.URL:         fetch.Guarded,
		"http://10.0.0.5/": fetch.Guarded,
	} {
		resp, err := client(t, fetch.Options{}).HTTP(nil).Get(raw)
		if e, ok := errors.AsType[*fetch.Error](err); !ok || e.Kind != kind {
			t.Errorf("%s: %v", raw, err)
		}
		if err == nil {
			resp.Body.Close()
		}
	}
}

func TestUpgradeThroughHTTP(t *testing.T) {
	host := listen(t, func(conn net.Conn) {
		says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")(conn)
		io.Copy(conn, conn)
	})
	req := &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: host}, Header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}}
	resp, err := client(t, fetch.Options{}).HTTP(nil).Do(req.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	conn := resp.Body.(io.ReadWriter)
	io.WriteString(conn, "frame")
	got := make([]byte, 5)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "frame" {
		t.Errorf("%q, %v", got, err)
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// names is a name server in this process. What it does not know does not exist.
type names struct {
	mu      sync.Mutex
	answers map[string][]string
}

func (n *names) set(name string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[name] = addresses
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: piped(n.serve)}
}

// serve answers one query as over TCP (RFC 1035, section 4.2.2).
func (n *names) serve(conn net.Conn) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(conn, head); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(head))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	var name strings.Builder
	at := 12
	for query[at] != 0 {
		label := query[at+1 : at+1+int(query[at])]
		name.Write(label)
		name.WriteByte('.')
		at += 1 + len(label)
	}
	question := query[12 : at+5]
	kind := binary.BigEndian.Uint16(query[at+1:])

	n.mu.Lock()
	addresses, known := n.answers[name.String()]
	n.mu.Unlock()
	var records []byte
	count := uint16(0)
	for _, text := range addresses {
		addr := netip.MustParseAddr(text)
		if addr.Is4() != (kind == 1) || addr.Is6() != (kind == 28) {
			continue
		}
		count++
		records = append(records, 0xc0, 12) // the name of the question
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 0) // class IN, kept for no time
		records = binary.BigEndian.AppendUint16(records, uint16(addr.BitLen()/8))
		records = append(records, addr.AsSlice()...)
	}
	flags := uint16(0x8580) // answer, authoritative, recursion
	if !known {
		flags |= 3 // no such name
	}
	answer := append([]byte(nil), query[:2]...)
	for _, field := range []uint16{flags, 1, count, 0, 0} {
		answer = binary.BigEndian.AppendUint16(answer, field)
	}
	answer = append(append(answer, question...), records...)
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}
