package audio

// Codec is how the wire carries sound. Each has ByteRate bytes a second.
type Codec uint8

// The codecs of calls.
const (
	PCMU   Codec = iota // ITU-T G.711, µ-law; 8000 samples a second
	PCMA                // ITU-T G.711, A-law; 8000 samples a second
	G722                // ITU-T G.722 at 64 kbit/s; 16,000 samples a second
	codecs              // how many there are
)

// ByteRate is the bytes a second of every Codec: 64 kbit/s, 8 bytes a millisecond.
const ByteRate = 8000

// Rate returns the samples a second.
func (c Codec) Rate() int {
	if c == G722 {
		return Wideband
	}
	return Rate
}

// Silence returns what an idle line carries.
func (c Codec) Silence() byte {
	switch c {
	case PCMA:
		return AlawSilence
	case G722:
		return G722Silence
	}
	return MulawSilence
}
