package server

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fault"
)

// LoadCertificate reads the certificate of SIP over TLS.
func LoadCertificate(settings voice.TLSSettings) (*tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(string(settings.CertificateFile), string(settings.KeyFile))
	if err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("the certificate %s with the key %s cannot be used", settings.CertificateFile, settings.KeyFile), Err: err,
			Hint: "both are files in PEM that belong together; the settings are certificate_file and key_file of [core.tls]"}
	}
	return &certificate, nil
}

// loadCertificate reads the certificate, if there is to be one. If it cannot be
// used, the one before stays.
func (c *sipCalls) loadCertificate(settings voice.TLSSettings) error {
	if settings == (voice.TLSSettings{}) {
		return nil
	}
	certificate, err := LoadCertificate(settings)
	if err != nil {
		return err
	}
	c.certificate.Store(certificate)
	if until := certificate.Leaf.NotAfter; time.Now().After(until) {
		c.log.Warn("certificate of SIP has expired", "file", string(settings.CertificateFile), "until", until.UTC(), "hint", "renew it, and send SIGHUP to the server")
	}
	return nil
}

// tlsConfig returns what connections over TLS are taken with; nil: none are. Those
// that begin after a reload get its certificate.
func (c *sipCalls) tlsConfig() *tls.Config {
	if c.certificate.Load() == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.certificate.Load(), nil },
	}
}

// reload puts in force what of the settings a running Core takes over.
func (c *sipCalls) reload(settings *voice.Settings) {
	c.allow(settings.Allow)
	if err := c.loadCertificate(settings.TLS); err != nil {
		c.log.Error("certificate of SIP not read; old one stays", "error", err.Error(), "hint", fault.HintOf(err))
	}
}
