package speech_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/speech"
)

func TestEstimate(t *testing.T) {
	tests := map[string]time.Duration{
		"":                           0,
		" \n":                        0,
		"No":                         400 * time.Millisecond,
		"!":                          400 * time.Millisecond,
		"Please hold.":               710 * time.Millisecond,
		"Please   hold  the\nline":   1410 * time.Millisecond,
		"Don't hang up":              1060 * time.Millisecond,
		"on-call":                    710 * time.Millisecond,
		"Press 12#":                  1060 * time.Millisecond,
		"naïve cafe\u0301":           710 * time.Millisecond,
		strings.Repeat("word ", 170): time.Minute,
		"您好请按一":                      1100 * time.Millisecond,
		"您好，请按 1":                    1230 * time.Millisecond,
		"もしもし":                       560 * time.Millisecond,
		"สวัสดี":                     400 * time.Millisecond,
		"안녕하세요 여러분":                  710 * time.Millisecond,
		strings.Repeat("สวัสดีครับ ", 10):   6300 * time.Millisecond,
		"Guten Tag, hier spricht die Firma": 2120 * time.Millisecond,
	}
	for text, want := range tests {
		if diff := cmp.Diff(want.String(), speech.Estimate(text).String()); diff != "" {
			t.Errorf("%.30q (-want +got):\n%s", text, diff)
		}
	}
}
