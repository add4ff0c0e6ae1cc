package dialog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCallsWaitForAFirstResponseAsLongAsTheyMay(t *testing.T) {
	for _, c := range []struct {
		name         string
		script, want []string
	}{
		{"nobody responds", nil, []string{"4s: over 408 unanswered"}},
		{"a response in time", []string{"3s: 100", "60s: 486"}, []string{"1m0s: over 486"}},
		{"an answer in time", []string{"3s: 200 a"}, []string{"3s: answered a", "35s: no more forks"}},
		{"a challenge, and then nothing", []string{"3s: 407 worth", "32s: 408"}, []string{"3s: INVITE", "32s: over 408"}},
		{"not ready, and then nothing", []string{"1s: 491", "60s: 408"}, []string{"4.05s: INVITE", "1m0s: over 408"}},
		{"given up meanwhile", []string{"2s: cancel", "9s: 180 a", "10s: 487"}, []string{"9s: CANCEL", "10s: over 487 cancelled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, played(t, newUAC(rfcTiming(), middle, 4*time.Second), c.script)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
