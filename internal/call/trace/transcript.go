package trace

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// String returns the event with its time, as a line of a Transcript.
func (s Stamped) String() string { return fmt.Sprintf("%8s  %s", Clock(s.At), Transcript(s.Event)) }

// Transcript returns the event as a line for people, without its time: what
// the caller hears is in quotation marks, what the caller does begins with >.
// Whatever a responder wrote, the line is one line and changes no terminal:
// what cannot be printed is escaped.
func Transcript(event Event) string { return printable(transcribe(event)) }

func transcribe(event Event) string {
	switch e := event.(type) {
	case Answer:
		return fmt.Sprintf("answered, from %s to %s", orDash(e.From), orDash(e.To))
	case Answered:
		return "answered"
	case Request:
		return transcribeRequest(e)
	case Say:
		return quote(e.Text) + spokenHow(e) + barged(e.Barged)
	case Play:
		return fmt.Sprintf("plays %s (%s)%s", e.URL, seconds(e.Seconds), barged(e.Barged))
	case Gather:
		return "> " + transcribeGather(e)
	case Forward:
		return "forwards to " + e.To + transcribeForward(e)
	case Echo:
		return "echoes for " + seconds(e.Seconds)
	case Stream:
		return fmt.Sprintf("media stream (%s) %s", e.Mode, e.URL)
	case Streamed:
		return transcribeStreamed(e)
	case Record:
		return fmt.Sprintf("> records %s, %s", seconds(e.Seconds), e.URL)
	case Warning:
		if e.Line > 0 {
			return fmt.Sprintf("warning %s: line %d: %s", e.Code, e.Line, e.Text)
		}
		return fmt.Sprintf("warning %s: %s", e.Code, e.Text)
	case Hangup:
		if e.Reason == "" {
			return fmt.Sprintf("hangs up (%s)", e.By)
		}
		return fmt.Sprintf("hangs up: %s (%s)", e.Reason, e.By)
	}
	return transcribeSIP(event)
}

// transcribeSIP is transcribe for what only calls over SIP have.
func transcribeSIP(event Event) string {
	switch e := event.(type) {
	case Dial:
		return fmt.Sprintf("calls %s as %s", e.To, e.From)
	case Ringing:
		return "rings"
	case Press:
		return fmt.Sprintf("> presses %s (%s)", e.Keys, e.By)
	case Key:
		return fmt.Sprintf("presses %s (%s)", e.Key, e.By)
	case Hold:
		return transcribeHold(e)
	case Figures:
		return transcribeFigures(e)
	}
	return event.Kind()
}

func transcribeHold(e Hold) string {
	line := "takes the caller off hold"
	if e.On {
		line = "puts the caller on hold"
	}
	if e.By == ByCaller {
		line = "> " + strings.Replace(line, "the caller", "them", 1)
	}
	return line
}

func transcribeFigures(e Figures) string {
	if e.Codec == "" {
		return "no sound was agreed on"
	}
	line := fmt.Sprintf("%s, %d packets sent, %d received, %d lost", e.Codec, e.Sent, e.Received, e.Lost)
	if e.Received > 0 {
		line += fmt.Sprintf(", jitter %.1f ms, MOS %.1f", e.JitterMs, e.MOS)
	}
	return line + fmt.Sprintf(", %s to %s", e.Local, orDash(e.Remote))
}

func transcribeStreamed(e Streamed) string {
	line := fmt.Sprintf("media stream (%s) ended by the %s: %s sent", e.Mode, e.Ended, seconds(e.Sent))
	if e.Ended == StreamByError {
		line = fmt.Sprintf("media stream (%s) broke: %s sent", e.Mode, seconds(e.Sent))
	}
	if e.Heard > 0 {
		line += ", " + seconds(e.Heard) + " heard"
	}
	if e.Keys != "" {
		line += ", presses " + e.Keys
	}
	if e.Words != "" {
		line += ", says " + quote(e.Words)
	}
	return line
}

func transcribeForward(e Forward) string {
	how := ""
	if e.ByCaller {
		how = " by the caller's dial plan"
	}
	switch e.End {
	case "":
	case "answered":
		how += ": answered, " + seconds(e.Seconds)
	default:
		how += ": " + strings.ReplaceAll(e.End, "_", " ")
	}
	return how
}

func transcribeRequest(e Request) string {
	line := fmt.Sprintf("%s %s", e.Method, e.URL)
	if e.Status != 0 {
		line += fmt.Sprintf("  %d  %d ms", e.Status, e.Ms)
	}
	if e.Error != "" {
		line += "  failed: " + e.Error
	}
	return line
}

func transcribeGather(e Gather) string {
	ended := map[Ended]string{
		EndedFinishOnKey:      ", then the finish key",
		EndedDigitEndTimeout:  ", then no more",
		EndedExecutionTimeout: ", until the time was up",
		EndedHangup:           ", then hangs up",
	}[e.Ended]
	switch {
	case e.Digits != "":
		return "presses " + e.Digits + ended
	case e.Speech != "":
		return "says " + quote(e.Speech) + ended
	case e.Ended == EndedFinishOnKey:
		return "presses the finish key"
	case e.Ended == EndedHangup:
		return "enters nothing and hangs up"
	}
	return "enters nothing"
}

// quote puts quotation marks around what is said, and a backslash before those
// inside.
func quote(text string) string { return strconv.QuoteToGraphic(text) }

// printable escapes, as Go does, what a terminal would not print: line ends,
// control characters, the marks that turn the direction of text, and what is
// not UTF-8.
func printable(line string) string {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		if !isGraphic(r, size) {
			return line[:i] + escape(line[i:])
		}
		i += size
	}
	return line
}

func escape(line string) string {
	var b strings.Builder
	for len(line) > 0 {
		r, size := utf8.DecodeRuneInString(line)
		if isGraphic(r, size) {
			b.WriteString(line[:size])
		} else {
			quoted := quote(line[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		line = line[size:]
	}
	return b.String()
}

func isGraphic(r rune, size int) bool {
	return unicode.IsGraphic(r) && (r != utf8.RuneError || size > 1)
}

func spokenHow(e Say) string {
	var how []string
	for _, s := range []string{e.Voice, e.Language} {
		if s != "" {
			how = append(how, s)
		}
	}
	if how == nil {
		return ""
	}
	return " (" + strings.Join(how, ", ") + ")"
}

func barged(yes bool) string {
	if yes {
		return ", cut short by the caller"
	}
	return ""
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', -1, 64) + " s" }

// Clock returns a time as minutes, seconds and tenths: 1:02.5.
func Clock(at time.Duration) string {
	tenths := at.Round(100*time.Millisecond).Milliseconds() / 100
	return fmt.Sprintf("%d:%02d.%d", tenths/600, tenths/10%60, tenths%10)
}
