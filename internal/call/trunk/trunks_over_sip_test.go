package trunk

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/test/await"
)

// startStack starts our side of SIP.
func startStack(t *testing.T) *dialog.Stack {
	t.Helper()
	local := netip.MustParseAddrPort("127.0.0.1:0")
	stack, err := dialog.New(dialog.Config{Listen: []dialog.Listen{{Network: dialog.UDP, Address: local}, {Network: dialog.TCP, Address: local}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- stack.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := await.From(t, "an end of the stack", served); err != nil {
			t.Error(err)
		}
	})
	return stack
}

// startTrunk starts a trunk to carrier.test over a stack, until it is stopped.
func startTrunk(t *testing.T, stack *dialog.Stack, resolver Resolver, settings Settings) (tr *Trunk, stop func()) {
	t.Helper()
	settings.Name, settings.Address, settings.Numbers, settings.CallingCode = "carrier", Address{Host: carrierName}, E164Plus, "1"
	settings.Username, settings.Password = ourUser, setting.NewSecret(ourPassword)
	started := New(Config{
		Settings: settings, Resolver: resolver, Log: slog.New(slog.DiscardHandler),
		Client: func(a dialog.Account) Asker { return stack.Client(a) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		started.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		await.From(t, "an end of the trunk", over)
	})
	t.Cleanup(stop)
	return started, stop
}

// Over UDP a registrar challenges us, calls the nonce stale although the password is
// right, insists on a longer registration, and then takes it, for as long as its
// Contact says.
func TestTrunkRegistersWithARealRegistrar(t *testing.T) {
	var asked int
	registrar := startServer(t, func(req *sip.Request) (int, []string) {
		asked++
		expires := req.GetHeader("Expires").Value()
		switch {
		case asked == 1 && req.GetHeader("Authorization") == nil:
			return 401, []string{challengeWith("one", false)}
		case asked == 2 && knowsPassword(req, "one"):
			return 401, []string{challengeWith("two", true)}
		case !knowsPassword(req, "two"):
			return 403, nil
		case expires == "600":
			return 423, []string{"Min-Expires: 1800"}
		case expires == "1800":
			return 200, []string{"Contact: <sip:2005@192.0.2.77>;expires=17", "Contact: " + req.Contact().Address.String() + ";expires=1200", "Expires: 5"}
		case expires == "0":
			return 200, nil
		}
		return 400, nil
	})
	stack := startStack(t)
	tr, stop := startTrunk(t, stack, dnsServer(t, "_sip._udp", registrar), Settings{Transport: UDP, Register: true, RegisterEvery: 10 * time.Minute})
	waitFor(t, tr, "a registration", func(s State) bool { return s.Condition == Up })
	if left := time.Until(tr.State().Registered); left > 20*time.Minute || left < 20*time.Minute-await.Limit {
		t.Errorf("it is registered for %v", left)
	}
	if !tr.Has(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the registrar is not known to be the carrier's")
	}
	for at, want := range map[netip.AddrPort]bool{registrar.address: true, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), registrar.address.Port()): true, netip.AddrPortFrom(registrar.address.Addr(), 9): false} {
		if tr.Serves(at) != want {
			t.Errorf("that it takes calls at %v is %t", at, !want)
		}
	}
	stop()
	all := registrar.requests()
	var expiries []string
	for _, req := range all {
		expiries = append(expiries, req.GetHeader("Expires").Value())
		if got, want := req.Contact().Address.Port, int(stack.Addresses()[0].Address.Port()); got != want || req.CallID().Value() != all[0].CallID().Value() {
			t.Errorf("the Contact has the port %d, not %d, in\n%s", got, want, req)
		}
	}
	if want := []string{"600", "600", "600", "1800", "0"}; !slices.Equal(expiries, want) {
		t.Errorf("it has registered for %v", expiries)
	}
}

// Of two servers over TCP the first dies, and comes back.
func TestTrunkGoesToTheServerThatLives(t *testing.T) {
	takes := func(*sip.Request) (int, []string) { return 200, []string{"Expires: 600"} }
	first, second := startServer(t, takes), startServer(t, takes)
	tr, _ := startTrunk(t, startStack(t), dnsServer(t, "_sip._tcp", first, second), Settings{Transport: TCP, Register: true, RegisterEvery: 10 * time.Minute, OptionsEvery: 5 * time.Second})
	waitFor(t, tr, "a registration", func(s State) bool { return s.Condition == Up })
	await.That(t, "OPTIONS for both", func() bool { return count(first, sip.OPTIONS) > 0 && count(second, sip.OPTIONS) > 0 })
	if count(first, sip.REGISTER) != 1 || count(second, sip.REGISTER) != 0 {
		t.Errorf("it has registered with the second server")
	}
	first.stop()
	await.That(t, "a registration with the other server", func() bool { return count(second, sip.REGISTER) > 0 })
	if s := tr.State(); s.Condition != Up {
		t.Errorf("its state is %+v", s)
	}
}

// count returns how many requests of a method a server has taken.
func count(s *sipServer, method sip.RequestMethod) int {
	n := 0
	for _, req := range s.requests() {
		if req.Method == method {
			n++
		}
	}
	return n
}

// place makes the attempts of a call, one after the other, as long as the trunk says
// that the next one is worth it, and returns how the last one ended.
func place(t *testing.T, stack *dialog.Stack, tr *Trunk, who engine.Outside, prepare func(*dialog.Outgoing)) dialog.Ended {
	t.Helper()
	attempts, err := tr.Outgoing(await.Context(t), who)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range attempts {
		o.Local = sdp.Local{Address: netip.MustParseAddrPort("127.0.0.1:4000"), Codecs: []sdp.Codec{sdp.PCMU}}
		prepare(&o)
		over := make(chan dialog.Ended, 1)
		stack.Dial(o, func(e dialog.Event) {
			if end, ok := e.(dialog.Ended); ok {
				over <- end
			}
		})
		end := await.From(t, "an end of the call", over)
		if !tr.Tried(o, end) || i == len(attempts)-1 {
			return end
		}
	}
	t.Fatal("there was no attempt")
	return dialog.Ended{}
}

func TestCallsGoToTheNextServerWithCredentials(t *testing.T) {
	full := startServer(t, func(*sip.Request) (int, []string) { return 503, []string{"Retry-After: 60"} })
	dead := startServer(t, func(*sip.Request) (int, []string) { return 500, nil })
	dead.stop()
	takes := startServer(t, func(req *sip.Request) (int, []string) {
		if !knowsPassword(req, "one") {
			return 401, []string{challengeWith("one", false)}
		}
		return 486, nil
	})
	stack := startStack(t)
	tr, _ := startTrunk(t, stack, dnsServer(t, "_sip._tcp", full, dead, takes), Settings{Transport: TCP})
	await.That(t, "a server", tr.resolved)
	who := engine.Outside{To: "+442079460123", From: "+12125550100", Name: "Sales"}
	for i, want := range []int{1, 1} { // the first server is full, and left alone then
		if end := place(t, stack, tr, who, func(*dialog.Outgoing) {}); end.Cause != engine.Busy || end.Status != 486 {
			t.Fatalf("the call ended with %+v", end)
		}
		if got := count(full, sip.INVITE); got != want {
			t.Errorf("after call %d the full server has got %d calls", i+1, got)
		}
	}
	last := takes.requests()[count(takes, sip.INVITE)-1]
	got := []string{last.Recipient.String(), last.From().Address.String(), last.From().DisplayName, last.To().Address.String(), last.GetHeader("P-Asserted-Identity").Value()}
	want := []string{"sip:+442079460123@carrier.test", "sip:+12125550100@carrier.test", "Sales", "sip:+442079460123@carrier.test", "<sip:+12125550100@carrier.test>"}
	if !slices.Equal(got, want) {
		t.Errorf("the INVITE has %q", got)
	}
}

func TestLargeRequestsGoOverTCPWhereTheTrunkSaysSo(t *testing.T) {
	for _, overTCP := range []bool{false, true} {
		t.Run(strconv.FormatBool(overTCP), func(t *testing.T) {
			server := startServer(t, func(*sip.Request) (int, []string) { return 486, nil })
			stack := startStack(t)
			tr, _ := startTrunk(t, stack, dnsServer(t, "_sip._udp", server), Settings{Transport: UDP, LargeOverTCP: overTCP})
			await.That(t, "a server", tr.resolved)
			for _, large := range []bool{false, true} {
				place(t, stack, tr, engine.Outside{To: "+442079460123"}, func(o *dialog.Outgoing) {
					if large {
						o.Header = append(o.Header, sip.NewHeader("X-Large", strings.Repeat("x", 4096)))
					}
				})
				all := server.requests()
				if got := all[len(all)-1].Via().Transport; (got == "TCP") != (large && overTCP) {
					t.Errorf("large %t: the INVITE came over %s", large, got)
				}
			}
		})
	}
}

func TestServerThatSaysNothingIsGivenUpForTheNext(t *testing.T) {
	silent := startServer(t, nil)
	silent.stop() // over UDP nobody says so
	takes := startServer(t, func(*sip.Request) (int, []string) { return 486, nil })
	stack := startStack(t)
	tr, _ := startTrunk(t, stack, dnsServer(t, "_sip._udp", silent, takes), Settings{Transport: UDP})
	await.That(t, "a server", tr.resolved)
	end := place(t, stack, tr, engine.Outside{To: "+442079460123"}, func(o *dialog.Outgoing) {
		if o.Patience > 0 {
			o.Patience = 50 * time.Millisecond
		}
	})
	if end.Cause != engine.Busy {
		t.Errorf("the call ended with %+v", end)
	}
}

func TestTrunkWithoutRecordsIsAtItsAddress(t *testing.T) {
	tr, _ := startTrunk(t, startStack(t), dnsServer(t, "_sip._udp"), Settings{Transport: UDP})
	_, err := tr.Outgoing(await.Context(t), engine.Outside{To: "+442079460123"})
	if err == nil || !strings.Contains(err.Error(), carrierName) {
		t.Errorf("a carrier that the DNS does not know: %v", err)
	}
}
