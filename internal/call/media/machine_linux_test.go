package media_test

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// machinePool is a Pool of this machine.
func machinePool(t *testing.T, address netip.Addr, first uint16) *media.Pool {
	t.Helper()
	ports, err := media.NewPorts(first, first+200)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := media.New(media.Config{Address: address, Ports: ports, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	pool.Start()
	t.Cleanup(pool.Stop)
	return pool
}

// TestPhoneTalksOverTheNetwork: real sockets and threads, of IPv4 and IPv6: the
// phone hears a prompt, then itself, and its key is told.
func TestPhoneTalksOverTheNetwork(t *testing.T) {
	for i, address := range []string{"127.0.0.1", "::1"} {
		t.Run(address, func(t *testing.T) {
			ip := netip.MustParseAddr(address)
			conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
			if err != nil {
				t.Skip(err) // there is no IPv6
			}
			defer conn.Close()
			pool := machinePool(t, ip, uint16(23000+300*i))
			leg, err := pool.Open(media.Rules{})
			if err != nil {
				t.Fatal(err)
			}
			phone := conn.LocalAddr().(*net.UDPAddr).AddrPort()
			leg.Agree(agreed(sdp.PCMU, 20*ms, phone))
			leg.Play(media.Play{Source: newClip(200 * ms)})

			conn.SetReadDeadline(time.Now().Add(await.Limit))
			b := make([]byte, 1500)
			hears := func(want byte) rtp.Header {
				for {
					n, from, err := conn.ReadFromUDPAddrPort(b)
					if err != nil {
						t.Fatal(err)
					}
					p, kind := rtp.Read(b[:n])
					if from.Port() != leg.Port() || kind != rtp.RTP || len(p.Payload) != 160 {
						t.Fatalf("% x came from %v", b[:n], from)
					}
					if p.Payload[0] == want {
						return p.Header
					}
				}
			}
			prompt := hears(160) // its second packet begins with that
			hears(0xff)
			leg.Echo(true)
			h := rtp.Header{SSRC: 1}
			to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, leg.Port()))
			say := func(h rtp.Header, payload []byte) {
				packet := make([]byte, rtp.HeaderSize, 200)
				h.Put(packet)
				if _, err := conn.WriteTo(append(packet, payload...), to); err != nil {
					t.Fatal(err)
				}
			}
			for range 10 {
				say(h, counting(77, 160))
				h.Sequence++
				h.Timestamp += 160
			}
			if echo := hears(77); echo.SSRC != prompt.SSRC || int32(echo.Timestamp-prompt.Timestamp) <= 0 {
				t.Errorf("the echo is %+v, after %+v", echo, prompt)
			}
			h.PayloadType = 101
			before := pool.Now()
			say(h, []byte{7, 10, 0, 160})
			for {
				await.From(t, "a key", leg.Ready())
				for e, ok := leg.Next(); ok; e, ok = leg.Next() {
					if e.Kind != media.Key {
						continue
					}
					if e.Key != '7' || e.At < before-40*ms || e.At > pool.Now() {
						t.Errorf("%+v was told, sent after %v", e, before)
					}
					if record := leg.Close(); record.Received.Received < 8 || record.Sent.Packets == 0 || record.Unsent > 0 {
						t.Errorf("the record is %+v", record)
					}
					return
				}
			}
		})
	}
}

func TestThreadHasThePriorityThatItWasGranted(t *testing.T) {
	ports, err := media.NewPorts(4000, 4001)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := media.New(media.Config{Address: here, Ports: ports, Threads: 2, Network: &network{}})
	if err != nil {
		t.Fatal(err)
	}
	granted := pool.Start()
	defer pool.Stop()
	if len(granted) != 2 {
		t.Fatalf("granted was %+v", granted)
	}
	for _, g := range granted {
		if g.Realtime != (g.Refused == nil) || g.Realtime && g.Nice != 0 {
			t.Errorf("granted was %+v", g)
		}
	}
	// The threads that the runtime starts do not inherit it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mine, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if mine.Policy != unix.SCHED_NORMAL || mine.Nice < 0 {
		t.Errorf("this thread has %+v", mine)
	}
}

func TestAdviceLeavesRoomForTheRest(t *testing.T) {
	for _, c := range []struct{ cores, threads, processors int }{{1, 1, 5}, {2, 1, 9}, {8, 7, 39}} {
		if threads := media.Threads(c.cores); threads != c.threads || media.Processors(c.cores, threads) != c.processors {
			t.Errorf("%d cores: %d threads and %d processors", c.cores, threads, media.Processors(c.cores, threads))
		}
	}
}
