package audio

import "time"

// Signals are what a caller hears of how a call goes on. Each is one period, to be
// repeated.
type Signals struct {
	Ringback   *Sound // the other telephone rings
	Busy       *Sound // it is in use
	Congestion *Sound // the call cannot be carried
}

// NewSignals returns the signals of a country, by its two letters (ISO 3166); of
// North America, by default.
func NewSignals(country string) Signals {
	s, ok := signalsOf[country]
	if !ok {
		s = signalsOf["US"]
	}
	return Signals{s.ringback.sound(), s.busy.sound(), s.congestion.sound()}
}

// signal is a tone that comes and goes.
type signal struct {
	tones   []float64 // Hz; heard together
	cadence []int     // ms with and without it, in turn
}

// signals are those of a country.
type signals struct{ ringback, busy, congestion signal }

// signalLevel is that of all tones of a signal together. ITU-T E.180 has -10 dBm0,
// and takes 5 dB less or more.
const signalLevel = -13.0 // dBm0

// sound returns one period.
func (s signal) sound() *Sound {
	partials := make([]partial, len(s.tones))
	for i, f := range s.tones {
		partials[i] = partial{f, signalLevel - 3*float64(len(s.tones)-1)} // of two, each has half the power
	}
	var c Clip
	for i, ms := range s.cadence {
		length := time.Duration(ms) * time.Millisecond
		if i%2 == 0 {
			c = append(c, mix(length, partials...)...)
		} else {
			c = append(c, Silence(length)...)
		}
	}
	return SoundOf(c)
}

// Tones and cadences that many countries share.
var (
	mid  = []float64{425}
	low  = []float64{400}
	pair = []float64{400, 450}

	double = []int{400, 200, 400, 2000}
	half   = []int{500, 500}
	fast   = []int{250, 250}
	faster = []int{200, 200}
)

// signalsOf are the signals of ITU-T E.180 supplement 2 (2003). A tone that is
// modulated there is two here, whose beat is the modulation.
var signalsOf = map[string]signals{
	"AT": {signal{[]float64{420}, []int{1000, 5000}}, signal{[]float64{420}, []int{400, 400}}, signal{[]float64{420}, faster}},
	"AU": {signal{[]float64{413, 438}, double}, signal{mid, []int{375, 375}}, signal{mid, []int{375, 375}}},
	"BE": {signal{mid, []int{1000, 3000}}, signal{mid, half}, signal{mid, []int{167, 167}}},
	"BR": {signal{mid, []int{1000, 4000}}, signal{mid, fast}, signal{mid, []int{250, 250, 750, 250}}},
	"CH": {signal{mid, []int{1000, 4000}}, signal{mid, half}, signal{mid, faster}},
	"CN": {signal{[]float64{450}, []int{1000, 4000}}, signal{[]float64{450}, []int{350, 350}}, signal{[]float64{450}, []int{700, 700}}},
	"DE": {signal{mid, []int{1000, 4000}}, signal{mid, []int{480, 480}}, signal{mid, []int{240, 240}}},
	"DK": {signal{mid, []int{1000, 4000}}, signal{mid, half}, signal{mid, faster}},
	"ES": {signal{mid, []int{1500, 3000}}, signal{mid, faster}, signal{mid, []int{200, 200, 200, 200, 200, 600}}},
	"FI": {signal{mid, []int{1000, 4000}}, signal{mid, []int{300, 300}}, signal{mid, faster}},
	"FR": {signal{[]float64{440}, []int{1500, 3500}}, signal{[]float64{440}, half}, signal{[]float64{440}, fast}},
	"GB": {signal{pair, double}, signal{low, []int{375, 375}}, signal{low, []int{400, 350, 225, 525}}},
	"IN": {signal{[]float64{387.5, 412.5}, double}, signal{low, []int{750, 750}}, signal{low, fast}},
	"IT": {signal{mid, []int{1000, 4000}}, signal{mid, half}, signal{mid, faster}},
	"JP": {signal{[]float64{392, 408}, []int{1000, 2000}}, signal{low, half}, signal{low, half}},
	"MX": {signal{mid, []int{1000, 4000}}, signal{mid, fast}, signal{mid, fast}},
	"NL": {signal{mid, []int{1000, 4000}}, signal{mid, half}, signal{mid, fast}},
	"NO": {signal{mid, []int{1000, 4000}}, signal{mid, half}, signal{mid, faster}},
	"PL": {signal{mid, []int{1000, 4000}}, signal{mid, half}, signal{mid, half}},
	"PT": {signal{mid, []int{1000, 5000}}, signal{mid, half}, signal{mid, faster}},
	"SE": {signal{mid, []int{1000, 5000}}, signal{mid, fast}, signal{mid, []int{250, 750}}},
	"US": {signal{[]float64{440, 480}, []int{2000, 4000}}, signal{[]float64{480, 620}, half}, signal{[]float64{480, 620}, fast}},
	"ZA": {signal{[]float64{383.5, 416.5}, double}, signal{low, half}, signal{low, fast}},
}
