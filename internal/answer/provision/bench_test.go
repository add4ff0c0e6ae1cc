package provision_test

import (
	"net/url"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/provision"
)

// BenchmarkDue is what the server does every half minute, with 10,000 entries in
// order.
func BenchmarkDue(b *testing.B) {
	settings := provision.Settings{PublicURL: &url.URL{Scheme: "https", Host: "hooks.example.net"}, Keys: true, Fingerprints: new(provision.Fingerprints)}
	entries := many(10_000)
	records := make([]provision.Record, 0, len(entries))
	for _, e := range entries {
		r := recordOf(e.ID, 0, "exists", "exists", "exists")
		r.Fingerprint, r.Next = provision.Wanted(e, settings).Fingerprint(), noon.Add(checkEvery)
		records = append(records, r)
	}
	for b.Loop() {
		if work := provision.Due(entries, records, settings, noon); len(work.Apply) != 0 {
			b.Fatal("entries in order are due")
		}
		provision.Givable(entries, records, settings, 0)
		provision.Keyless(entries, records, settings)
	}
}
