package config_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/server/config"
)

// BenchmarkLoad loads a file with every setting in it, as a reload does.
func BenchmarkLoad(b *testing.B) {
	from := fromFile(b, whole(), map[string]string{".env": secrets[".env"] + "SWITCHHOOK_ONCALL_PREVIOUS_SECRET=z\n"})
	for b.Loop() {
		if _, err := config.Load(from); err != nil {
			b.Fatal(err)
		}
	}
}
