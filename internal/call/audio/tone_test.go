package audio_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// dtmf is ITU-T Q.23: the two frequencies of each digit.
var dtmf = map[string][2]float64{
	"1": {697, 1209}, "2": {697, 1336}, "3": {697, 1477}, "A": {697, 1633},
	"4": {770, 1209}, "5": {770, 1336}, "6": {770, 1477}, "B": {770, 1633},
	"7": {852, 1209}, "8": {852, 1336}, "9": {852, 1477}, "C": {852, 1633},
	"*": {941, 1209}, "0": {941, 1336}, "#": {941, 1477}, "D": {941, 1633},
}

// milliwatt is the level of nought dBm0 under a full-scale sine.
const milliwatt = -3.21

func TestDTMFFrequencies(t *testing.T) {
	for digit, want := range dtmf {
		c, err := audio.DTMF(digit, 400*time.Millisecond, 0)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "low tone of "+digit, level(c, want[0]), milliwatt-8, 0.1)
		near(t, "high tone of "+digit, level(c, want[1]), milliwatt-6, 0.1)
		for _, f := range []float64{697, 770, 852, 941, 1209, 1336, 1477, 1633, 2 * want[0], 2 * want[1]} {
			if f != want[0] && f != want[1] && level(c, f) > -50 {
				t.Errorf("digit %s also holds %v Hz at %.1f dB", digit, f, level(c, f))
			}
		}
	}
}

func TestDTMFOfSeveralDigits(t *testing.T) {
	c, err := audio.DTMF("12#", 100*time.Millisecond, 60*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if want := 480 * time.Millisecond; c.Duration() != want {
		t.Errorf("three digits take %v, want %v", c.Duration(), want)
	}
	for i, digit := range []string{"1", "2", "#"} {
		from := audio.Samples(time.Duration(i) * 160 * time.Millisecond)
		tone := c[from : from+audio.Samples(100*time.Millisecond)]
		near(t, "low tone of "+digit, level(tone, dtmf[digit][0]), milliwatt-8, 0.5)
		gap := c[from+audio.Samples(100*time.Millisecond) : from+audio.Samples(160*time.Millisecond)]
		for _, s := range gap {
			if s != 0 {
				t.Fatalf("the gap after %s is not silent", digit)
			}
		}
	}
}

func TestDTMFRefusesWhatIsNoDigit(t *testing.T) {
	for _, digits := range []string{"12a", "1 2", "٣", "E"} {
		if _, err := audio.DTMF(digits, time.Second, 0); err == nil {
			t.Errorf("%q is accepted", digits)
		}
	}
}

func TestNetworkTones(t *testing.T) {
	tests := []struct {
		name        string
		clip        audio.Clip
		on, off     time.Duration
		frequencies []float64
		dBm0        float64
	}{
		{"beep", audio.Beep(), 250 * time.Millisecond, 0, []float64{1000}, -10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.clip.Duration() != tt.on+tt.off {
				t.Errorf("takes %v, want %v", tt.clip.Duration(), tt.on+tt.off)
			}
			on := tt.clip[:audio.Samples(tt.on)]
			for _, f := range tt.frequencies {
				near(t, "level", level(on, f), milliwatt+tt.dBm0, 0.1)
			}
			for _, s := range tt.clip[len(on):] {
				if s != 0 {
					t.Fatal("the pause is not silent")
				}
			}
		})
	}
}

// A click is energy far from the tone at the moment it begins or ends. The
// lengths end the two sines where neither is near nought.
func TestTonesDoNotClick(t *testing.T) {
	for _, d := range []time.Duration{60 * time.Millisecond, 61 * time.Millisecond, 62500 * time.Microsecond} {
		tone, err := audio.DTMF("1", d, 0)
		if err != nil {
			t.Fatal(err)
		}
		around := append(append(audio.Silence(settle), tone...), audio.Silence(settle)...)
		begin, end := around[:audio.Samples(2*settle)], around[len(around)-audio.Samples(2*settle):]
		for what, edge := range map[string]audio.Clip{"begins": begin, "ends": end} {
			if got := level(edge, 3500) - level(tone, dtmf["1"][0]); got > -60 {
				t.Errorf("a tone of %v %s with 3500 Hz only %.1f dB under it", d, what, -got)
			}
		}
	}
}

func TestShortTones(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, 125 * time.Microsecond, time.Millisecond, 9 * time.Millisecond} {
		c, err := audio.DTMF("5", d, 0)
		if err != nil {
			t.Fatal(err)
		}
		if c.Duration() != max(0, d) {
			t.Errorf("a tone of %v takes %v", d, c.Duration())
		}
	}
}

func TestSilence(t *testing.T) {
	c := audio.Silence(20 * time.Millisecond)
	if len(c) != 160 || c.Duration() != 20*time.Millisecond {
		t.Errorf("20 ms are %d samples, %v", len(c), c.Duration())
	}
}
