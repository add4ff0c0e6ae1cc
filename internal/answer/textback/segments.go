package textback

import (
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/phone/sms"
)

// Segments tells the author of a message how many messages it is billed as, and
// which characters make it more: "1 (GSM-7)", or "2 (UCS-2 because of ’, for
// which ' would do)". It is empty for an empty message.
func Segments(message string) string {
	size := sms.Count(message)
	if size.Segments == 0 {
		return ""
	}
	text := fmt.Sprintf("%d (%s", size.Segments, size.Alphabet)
	var because []string
	for _, stranger := range sms.Explain(message) {
		why := stranger.Character
		switch {
		case stranger.Needless:
			why = fmt.Sprintf("%+q, which shows nothing", stranger.Character)
		case stranger.Instead != "":
			why += ", for which " + stranger.Instead + " would do"
		}
		because = append(because, why)
	}
	if len(because) > 0 {
		text += " because of " + strings.Join(because, "; ")
	}
	return text + ")"
}
