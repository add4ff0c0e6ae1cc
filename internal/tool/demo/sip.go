package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/netsapiens"
)

// The demo's number for telephones.
const (
	sipNumber = "100"  // that telephones call
	sipUser   = "8100" // the user that calls are routed to

	// usualSIPPort is where telephones call the demo, or at one of the sipPorts from
	// there on that are free.
	usualSIPPort = 5060
	sipPorts     = 100
)

// sipHost is the address that telephones call the demo at.
const sipHost = "127.0.0.1"

// takesSIP reports whether calls can be taken over SIP on this machine.
func takesSIP() bool { return runtime.GOOS == "linux" }

// sipFlags returns the settings of calls over SIP, by UDP and TCP at one port from first
// on, and by TLS at another with a certificate that nobody else has signed.
func sipFlags(ctx context.Context, folder string, first int) (map[string]string, error) {
	if !takesSIP() {
		return nil, nil
	}
	plain, err := freeSIPPort(ctx, first)
	if err != nil {
		return nil, err
	}
	secure, err := freeSIPPort(ctx, plain+1)
	if err != nil {
		return nil, err
	}
	certificateFile, keyFile := filepath.Join(folder, "sip.pem"), filepath.Join(folder, "sip.key")
	if err := writeCertificate(certificateFile, keyFile); err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	return map[string]string{
		"core.sip.0": "udp://" + sipAddress(plain), "core.sip.1": "tcp://" + sipAddress(plain), "core.sip.2": "tls://" + sipAddress(secure),
		"core.tls.certificate_file": certificateFile, "core.tls.key_file": keyFile,
	}, nil
}

func sipAddress(port int) string { return net.JoinHostPort(sipHost, strconv.Itoa(port)) }

// freeSIPPort returns a port from first on that nothing listens at, over UDP and TCP.
func freeSIPPort(ctx context.Context, first int) (int, error) {
	for port := first; port < first+sipPorts; port++ {
		if _, err := freeAddress(ctx, sipAddress(port)); err != nil {
			continue
		}
		packets, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", sipAddress(port))
		if err != nil {
			continue
		}
		return port, packets.Close()
	}
	return 0, errors.New("start the demo: no port for SIP is free")
}

// writeCertificate makes a certificate of this machine.
func writeCertificate(certificateFile, keyFile string) error {
	made, err := softphone.SelfSigned(netip.MustParseAddr(sipHost))
	if err != nil {
		return err
	}
	certificate, key, err := softphone.EncodePEM(made)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(certificateFile, certificate, 0o600), os.WriteFile(keyFile, key, 0o600))
}

// showSIP leads the number that telephones call to the math line.
func (d *demo) showSIP(ctx context.Context) error {
	addresses := d.server.SIPAddresses()
	if len(addresses) == 0 {
		return nil
	}
	if err := d.routeToMathLine(ctx); err != nil {
		return err
	}
	d.sip = "sip:" + sipNumber + "@" + addresses[0].Address.String()
	fmt.Fprintf(d.Out, "\nTelephones reach the math line at %s, over UDP and TCP; over TLS at %s, with the certificate %s.\n",
		d.sip, addresses[len(addresses)-1].Address, filepath.Join(d.data, "sip.pem"))
	return nil
}

// routeToMathLine makes the chain from the number to the math line by the phone
// system's API.
func (d *demo) routeToMathLine(ctx context.Context) error {
	alias := "webresponder" + sipUser
	line := slices.IndexFunc(d.examples, func(e example) bool { return e.name == mathLine })
	if err := d.api.CreateUser(ctx, domain, netsapiens.User{
		User: sipUser, FirstName: "Math", LastName: "Line", Email: email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: "system-webresponder",
	}); err != nil {
		return err
	}
	if err := d.api.CreateDialRule(ctx, domain, domain, netsapiens.DialRule{
		ToURI: alias, Application: netsapiens.ToWeb, Parameter: d.examples[line].url, Description: "the demo's math line",
	}); err != nil {
		return err
	}
	if err := d.addNumber(ctx, sipNumber, sipUser); err != nil {
		return err
	}
	_, err := d.api.SetAnswerRule(ctx, domain, sipUser, netsapiens.ForwardAlways(alias))
	return err
}
