package rtp_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// receive gives a Reception n packets of 20 ms from a number on, the nth at
// n times 20 ms and what delay says.
func receive(r *rtp.Reception, ssrc uint32, from, n int, delay func(int) time.Duration) {
	for i := from; i < from+n; i++ {
		h := rtp.Header{SSRC: ssrc, Sequence: uint16(i), Timestamp: uint32(first + 160*i)}
		r.Step(h, 8000, time.Duration(i)*20*ms+delay(i))
	}
}

func onTime(int) time.Duration { return 0 }

func TestJitterIsThatOfTheRFC(t *testing.T) {
	for _, c := range []struct {
		name         string
		delay        func(int) time.Duration
		jitter, peak time.Duration
	}{
		{"none", onTime, 0, 0},
		{"every other packet 8 ms late", func(i int) time.Duration { return time.Duration(i%2) * 8 * ms }, 8 * ms, 8 * ms},
		{"a steady delay that grows once", func(i int) time.Duration { return time.Duration(i/950) * 16 * ms }, 0, ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r rtp.Reception
			receive(&r, 1, 0, 1000, c.delay)
			f := r.Figures(0, 0, 0)
			if off := f.Jitter - c.jitter; off < -ms/2 || off > ms/2 {
				t.Errorf("jitter %v, want %v", f.Jitter, c.jitter)
			}
			if off := f.PeakJitter - c.peak; off < -ms/2 || off > ms/2 {
				t.Errorf("peak %v, want %v", f.PeakJitter, c.peak)
			}
		})
	}
}

func TestWhatIsNoJitterIsNotCountedAsSuch(t *testing.T) {
	packet := func(ssrc uint32, sequence uint16, timestamp uint32) rtp.Header {
		return rtp.Header{SSRC: ssrc, Sequence: sequence, Timestamp: timestamp}
	}
	for _, c := range []struct {
		name string
		then func(*rtp.Reception)
	}{
		{"another source", func(r *rtp.Reception) { r.Step(packet(2, 1, 0), 8000, 61*ms) }},
		{"a restart", func(r *rtp.Reception) {
			r.Step(packet(1, 40000, 7000), 8000, 61*ms)
			r.Step(packet(1, 40001, 7160), 8000, 62*ms)
		}},
		{"timestamps that begin again", func(r *rtp.Reception) { r.Step(packet(1, 3, 1<<30), 8000, 61*ms) }},
		{"another rate", func(r *rtp.Reception) { r.Step(packet(1, 3, 320), 48000, 61*ms) }},
		{"a telephone event", func(r *rtp.Reception) { r.Step(packet(1, 3, 0), 0, 61*ms) }},
		{"a duplicate", func(r *rtp.Reception) { r.Step(packet(1, 2, 160), 8000, 61*ms) }},
		{"a stray", func(r *rtp.Reception) { r.Step(packet(1, 40000, 160), 8000, 61*ms) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r rtp.Reception
			r.Step(packet(1, 1, 0), 8000, 0)
			r.Step(packet(1, 2, 160), 8000, 20*ms)
			c.then(&r)
			if f := r.Figures(0, 0, 0); f.PeakJitter != 0 {
				t.Errorf("jitter %v", f.PeakJitter)
			}
		})
	}
}

func TestJitterIsTheSameInAnotherRate(t *testing.T) {
	var r rtp.Reception
	receive(&r, 1, 0, 1000, func(i int) time.Duration { return time.Duration(i%2) * 8 * ms })
	before := r.Figures(0, 0, 0).Jitter
	r.Step(rtp.Header{SSRC: 1, Sequence: 1000}, 48000, 20*time.Second)
	if after := r.Figures(0, 0, 0).Jitter; after < before-ms || after > before+ms {
		t.Errorf("jitter %v became %v", before, after)
	}
}

func TestFiguresAreOfTheWholeCall(t *testing.T) {
	var r rtp.Reception
	if f := r.Figures(0, 0, 0); f.Loss() != 0 || f.Received != 0 {
		t.Errorf("before the first packet: %+v", f)
	}
	receive(&r, 1, 0, 40, onTime)
	receive(&r, 1, 42, 58, onTime)
	receive(&r, 1, 41, 1, onTime)     // late
	receive(&r, 1, 99, 1, onTime)     // twice
	receive(&r, 2, 7, 50, onTime)     // another source
	receive(&r, 2, 30000, 52, onTime) // which restarts, at the second
	got := r.Figures(80*ms, 40*ms, 0)
	want := rtp.Figures{Received: 99 + 50 + 51, Lost: 1, Reordered: 1, Duplicates: 1, Restarts: 2, RoundTrip: 80 * ms, MOS: rtp.MOS(80*ms, 1.0/201)}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	if math.Abs(got.Loss()-1.0/201) > 1e-9 {
		t.Errorf("loss %v", got.Loss())
	}
}

func TestWhatTheBufferDiscardedIsLostToTheEar(t *testing.T) {
	var r rtp.Reception
	receive(&r, 1, 0, 100, onTime)
	f := r.Figures(0, 0, 5)
	if f.Lost != 0 || math.Abs(f.MOS-rtp.MOS(0, 0.05)) > 1e-9 {
		t.Errorf("figures %+v", f)
	}
}

// The ratings are those of G.107's formulas, worked out by hand.
func TestMOSIsThatOfTheEModel(t *testing.T) {
	for _, c := range []struct {
		name  string
		delay time.Duration
		loss  float64
		want  float64
	}{
		{"a perfect call, R 93.2", 0, 0, 4.41},
		{"150 ms, R 89.6", 150 * ms, 0, 4.33},
		{"300 ms, R 72.5", 300 * ms, 0, 3.71},
		{"1 % lost, R 89.6", 0, 0.01, 4.33},
		{"5 % lost, R 77.4", 0, 0.05, 3.92},
		{"20 % lost at 200 ms, R 43.8", 200 * ms, 0.2, 2.25},
		{"everything lost, R 17.3", 0, 1, 1.18},
		{"two seconds late", 2 * time.Second, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := rtp.MOS(c.delay, c.loss); math.Abs(got-c.want) > 0.01 {
				t.Errorf("MOS %.3f, want %.2f", got, c.want)
			}
		})
	}
}

func TestMOSNeverRisesWithLossOrDelay(t *testing.T) {
	for loss := range 100 {
		for delay := range 100 {
			d, l := time.Duration(delay)*10*ms, float64(loss)/100
			here := rtp.MOS(d, l)
			if here < 1 || here > 4.5 || rtp.MOS(d+10*ms, l) > here || rtp.MOS(d, l+0.01) > here {
				t.Fatalf("at %v and %v: %v", d, l, here)
			}
		}
	}
}
