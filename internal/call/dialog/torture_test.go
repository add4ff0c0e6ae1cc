package dialog

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// tortures are the messages of RFC 4475, by their names there.
func tortures(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/torture/*.dat")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".dat")] = text
	}
	if len(all) != 49 {
		t.Fatalf("%d messages, RFC 4475 has 49", len(all))
	}
	return all
}

// tortured says what each message of RFC 4475 gets from an endpoint that turns
// every call down with 603, by sections of the RFC. 0: it is dropped, which is
// how UDP says that it cannot be parsed; three are responses to nothing.
var tortured = map[string]int{
	// 3.1.1: valid
	"wsinv":      481, // it has a tag of ours, of no such dialog
	"intmeth":    405,
	"esc01":      603,
	"escnull":    405, // REGISTER, as the others of 405 below
	"esc02":      405,
	"lwsdisp":    200,
	"longreq":    603,
	"dblreq":     405, // and the rest of the datagram is nothing (RFC 3261 section 18.3)
	"semiuri":    200,
	"transports": 200,
	"mpart01":    405, // MESSAGE
	"unreason":   0,   // a response
	"noreason":   0,   // a response

	// 3.1.2: invalid
	"badinv01":   0,
	"clerr":      0, // the body is shorter than it says
	"ncl":        0,
	"scalar02":   0,
	"scalarlg":   0, // a response
	"quotbal":    0,
	"ltgtruri":   0,
	"lwsruri":    0,
	"lwsstart":   0,
	"trws":       0,
	"escruri":    400,
	"baddate":    603, // nobody reads its Date
	"regbadct":   405,
	"badaspec":   0,
	"baddn":      0,
	"badvers":    505,
	"mismatch01": 400,
	"mismatch02": 400, // a method that nobody knows: 501 would do as well
	"bigcode":    0,   // a response

	// 3.2: transactions
	"badbranch": 200, // its transaction is found as RFC 2543 has it

	// 3.3: what an application sees
	"insuf":    400,
	"unkscm":   416,
	"novelsc":  0, // sipgo takes no scheme with a dot in it
	"unksm2":   405,
	"bext01":   420,
	"invut":    415,
	"regaut01": 405,
	"multi01":  400,
	"mcl01":    400,
	"bcast":    0,   // a response
	"zeromf":   200, // it was for us
	"cparam01": 405,
	"cparam02": 405,
	"regescrt": 405,
	"sdp01":    603, // many name other things in Accept, and take a description

	// 3.4: of RFC 2543
	"inv2543": 400, // without a tag in From, no later request would find its call
}

func TestTortureMessagesGetWhatTheyShould(t *testing.T) {
	s := serve(t, Config{Trusted: everyone}, nil)
	p := asMany(t, s)
	for _, name := range slices.Sorted(maps.Keys(tortured)) {
		p.send(string(tortures(t)[name]))
		if tortured[name] == 0 {
			p.answered() // and nothing before
			continue
		}
		if res := p.answer(); res.StatusCode != tortured[name] {
			t.Errorf("%s was answered by %s, want %d", name, res.StartLine(), tortured[name])
		}
	}
	p.answered()
}

// asMany is a peer at port 5060 of an address of this process alone: where most of
// the messages want their responses.
func asMany(t testing.TB, s *Stack) *peer {
	pid := os.Getpid()
	conn, err := net.ListenPacket("udp4", fmt.Sprintf("127.%d.%d.%d:5060", 64|pid>>16&63, pid>>8&255, pid&255))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newPeer(t, towards{conn.(*net.UDPConn), s.Addresses()[0].Address}, UDP)
}

// towards is an unconnected socket that sends to one address: what comes back need
// not come from there.
type towards struct {
	*net.UDPConn
	to netip.AddrPort
}

func (c towards) Write(b []byte) (int, error) { return c.WriteToUDPAddrPort(b, c.to) }

// mutationsOfEach is how many mutations of each torture message are sent.
func mutationsOfEach() int {
	if os.Getenv("SWITCHHOOK_TEST_FULL") != "" {
		return 1000
	}
	return 8
}

func TestMutatedMessagesLeaveNothing(t *testing.T) {
	s := serve(t, Config{Listen: everyWay()[:2], Trusted: everyone}, nil)
	byDatagram, sentinel := asMany(t, s), reach(t, s, 0)
	sentinel.answered()
	before := runtime.NumGoroutine()
	heap := heapInUse()

	random := rand.New(rand.NewPCG(4475, 1))
	all := tortures(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for i := range mutationsOfEach() {
			text := mutate(random, all[name])
			byDatagram.send(string(text))
			if i%8 == 0 {
				byStream(t, s.Addresses()[1], text)
			}
			if i%32 == 0 {
				sentinel.answered()
			}
		}
	}
	sentinel.answered()
	reach(t, s, 1).answered()
	await.That(t, "an end of all that was begun", func() bool { return runtime.NumGoroutine() <= before+1 }) // one reads the last connection
	await.That(t, "the memory of before", func() bool { return heapInUse() < heap+4<<20 })
}

// byStream sends a message on a connection of its own, and waits until it has
// been read: the stack closes the connection, or answers what follows.
func byStream(t *testing.T, l Listen, text []byte) {
	conn, err := net.Dial("tcp", l.Address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 4096); err == nil; {
		_, err = conn.Read(b)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// tokens are what parsers stumble over.
var tokens = []string{
	"\r\n", "\n", "\r", "\x00", " ", "\t", "\"", "\\", "<", ">", ";", ",", ":", "=", "@", "%", "%00", "[", "]", "?", "&", "\xff\xfe", "4294967296", "-1", "99999999999999999999",
	"Via: SIP/2.0/UDP x;branch=", "Content-Length: 70000\r\n", "Content-Length: -1\r\n", "To: ", ";tag=", "Contact: *\r\n", "Route: <sip:x;lr>,<sip:y>\r\n", "Require: a,b\r\n", "SIP/2.0 200 OK\r\n", "\r\n\r\n",
}

// mutate returns a message with up to eight places changed.
func mutate(random *rand.Rand, text []byte) []byte {
	b := slices.Clone(text)
	for range 1 + random.IntN(8) {
		if len(b) == 0 {
			break
		}
		at := random.IntN(len(b))
		end := min(len(b), at+random.IntN(64))
		switch random.IntN(6) {
		case 0:
			b[at] ^= 1 << random.IntN(8)
		case 1:
			b = slices.Delete(b, at, end)
		case 2:
			b = slices.Insert(b, at, []byte(tokens[random.IntN(len(tokens))])...)
		case 3:
			b = slices.Insert(b, at, slices.Clone(b[at:end])...)
		case 4:
			b = b[:at]
		case 5:
			b = slices.Concat(b[end:], b[:end])
		}
	}
	return b[:min(len(b), maxDatagram)]
}

func TestMutationsNeverStopTheParser(t *testing.T) {
	random := rand.New(rand.NewPCG(4475, 2))
	parser := newParser()
	for _, text := range tortures(t) {
		for range 100 * mutationsOfEach() {
			if m, err := parser.ParseSIP(mutate(random, text)); err == nil {
				examineAny(m)
				_ = m.String()
			}
		}
	}
}
