package audio

import (
	"bytes"
	"fmt"
	"slices"
)

// hintConvert is the hint for every format that is not read.
const hintConvert = "convert it: ffmpeg -i FILE -ar 8000 -ac 1 -c:a pcm_mulaw prompt.wav"

// hintRepeat is the hint for a file with a part missing.
const hintRepeat = "save or download it again; if it stays so, the program that wrote it did not finish"

// sniffBytes is how much of a file that is not a WAV we check to say what it is.
const sniffBytes = 512

// notWAV says what a file is that begins with head.
func notWAV(head []byte) *FormatError {
	if len(head) == 0 {
		return &FormatError{"the sound is empty: not one byte arrived", hintRepeat}
	}
	if name := soundName(head); name != "" {
		return &FormatError{fmt.Sprintf("this is %s, not a WAV file", name), hintConvert}
	}
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return &FormatError{"this is a web page (HTML), not a WAV file",
			"open its address in a browser without signing in: it may lead to a login, a download page or an error"}
	case bytes.HasPrefix(text, []byte("<")):
		return &FormatError{"this is an XML document, not a WAV file", "check the address: it must lead to the sound itself"}
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return &FormatError{"this is a JSON document, not a WAV file", "check the address: it must lead to the sound itself"}
	case len(head) < 12 && isRIFF(head):
		return &FormatError{"the WAV file ends within its header", hintRepeat}
	}
	return &FormatError{"this is not a WAV file: it does not begin with RIFF and WAVE", hintConvert}
}

// soundName names the kinds of sound and archive people ship by mistake, by
// the bytes they begin with.
func soundName(head []byte) string {
	at := func(i int, magic string) bool {
		return len(head) >= i+len(magic) && string(head[i:i+len(magic)]) == magic
	}
	switch {
	case at(0, "ID3"):
		return "an MP3 file"
	case len(head) >= 2 && head[0] == 0xFF && head[1]&0xF6 == 0xF0:
		return "an AAC file"
	case len(head) >= 3 && head[0] == 0xFF && head[1]&0xE6 == 0xE2 && head[2]>>4 != 0xF:
		return "an MP3 file"
	case at(0, "OggS"):
		return "an Ogg file (Vorbis or Opus)"
	case at(0, "fLaC"):
		return "a FLAC file"
	case at(4, "ftyp"):
		return "an MP4 or M4A file"
	case at(0, "\x1A\x45\xDF\xA3"):
		return "a WebM or Matroska file"
	case at(0, "FORM") && (at(8, "AIFF") || at(8, "AIFC")):
		return "an AIFF file"
	case at(0, "riff\x2E\x91\xCF\x11"):
		return "a Sony Wave64 file"
	case len(head) >= 12 && isRIFF(head):
		return "a RIFF file of another kind"
	case at(0, ".snd"):
		return "an AU file"
	case at(0, "caff"):
		return "a Core Audio file"
	case at(0, "#!AMR"):
		return "an AMR file"
	case at(0, "\x30\x26\xB2\x75"):
		return "a Windows Media file"
	case at(0, "\x1F\x8B"), at(0, "PK\x03\x04"):
		return "a compressed file"
	}
	return ""
}

// isRIFF knows the four spellings of what a WAV file begins with.
func isRIFF(head []byte) bool {
	return len(head) >= 4 && slices.Contains([]string{"RIFF", "RIFX", "RF64", "BW64"}, string(head[:4]))
}
