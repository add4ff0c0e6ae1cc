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

// An Encoder makes a Codec of a sound, piece by piece. Every sound begins with a new
// one. It is a value, of 300 bytes, and may be copied.
type Encoder struct {
	codec Codec
	g722  g722Encoder
}

// NewEncoder returns an Encoder for samples at the Codec's Rate.
func NewEncoder(c Codec) Encoder { return Encoder{codec: c} }

// Append appends the codes of the samples to dst. It allocates only when dst has no
// room.
func (e *Encoder) Append(dst []byte, pcm []int16) []byte {
	switch e.codec {
	case PCMA:
		return AppendAlaw(dst, pcm)
	case G722:
		return e.g722.Append(dst, pcm)
	}
	return AppendMulaw(dst, pcm)
}

// Flush appends the code of what waits for more, as if silence followed.
func (e *Encoder) Flush(dst []byte) []byte { return e.g722.Flush(dst) }

// A Decoder makes samples, at the Codec's Rate, of what a Codec carries, piece by
// piece. Every sound begins with a new one. It is a value, of 300 bytes, and may be
// copied.
type Decoder struct {
	codec Codec
	g722  g722Decoder
}

// NewDecoder returns a Decoder.
func NewDecoder(c Codec) Decoder { return Decoder{codec: c} }

// Append appends the samples of the codes to dst. It allocates only when dst has no
// room.
func (d *Decoder) Append(dst []int16, codes []byte) []int16 {
	switch d.codec {
	case PCMA:
		return AppendPCMFromAlaw(dst, codes)
	case G722:
		return d.g722.Append(dst, codes)
	}
	return AppendPCMFromMulaw(dst, codes)
}
