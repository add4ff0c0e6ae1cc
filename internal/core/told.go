package core

import (
	"fmt"
	"strconv"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// Told says how a call of the Core went, in the activity record. They are a closed
// set.
type Told string

const (
	toldEnded     Told = "ended"
	toldApology   Told = "apology"
	toldForwarded Told = "forwarded"
	toldNowhere   Told = "nowhere"
	toldAsked     Told = "asked"
	toldSound     Told = "sound"
	toldIDs       Told = "ids"

	toldUntold = "untold" // of calls that led nowhere
)

// Sentence returns the sentence of an outcome or a step with this code.
func (t Told) Sentence() string {
	return map[Told]string{
		toldEnded:     "The call to $to ended[: $reason][, by $by].",
		toldApology:   "The call to $to failed, and its caller heard the apology: $reason.",
		toldForwarded: "The call to $to was sent elsewhere[: $reason].",
		toldNowhere:   "The call to $to led nowhere: $reason.",
		toldAsked:     "The last request: $request[ was answered $status,] took $time[: $problem].",
		toldSound:     "The sound: $codec[, MOS $mos], $lost of $received packets lost.",
		toldUntold:    "Before it, $count more calls led nowhere that are not stored.",
		toldIDs:       "Call-ID $call[, leg $leg]. switchhook number export prints the trace.",
	}[t]
}

// told tells of a call that is stored.
func (s *StoredCall) told(call *Call, outcome engine.Outcome, asked *trace.Request, sound engine.AudioReport) *activity.Item {
	i := &activity.Item{At: s.At, Kind: activity.CoreCall, Number: s.From, Story: activity.StoryOf(call.origID, s.ID), About: s.ID}
	args := why.Args{"to": phone.Mask(s.To), "reason": phone.MaskIn(s.Outcome), "by": string(outcome.By)}
	code := toldEnded
	switch {
	case call.origID == "":
		code = toldNowhere
	case outcome.Failed:
		code = toldApology
	case outcome.Forwarded:
		code = toldForwarded
	}
	steps := []why.Step[Told]{{Code: code, Args: args}}
	if asked != nil {
		args := why.Args{
			"request": asked.Method + " " + phone.MaskIn(setting.WithoutSecrets(asked.URL)), "time": fmt.Sprint(time.Duration(asked.Ms) * time.Millisecond),
			"problem": phone.MaskIn(setting.WithoutSecrets(asked.Error)),
		}
		if asked.Status != 0 {
			args["status"] = strconv.Itoa(asked.Status)
		}
		steps = append(steps, why.Step[Told]{Code: toldAsked, Args: args})
	}
	if sound.Codec != "" {
		args := why.Args{"codec": sound.Codec, "lost": strconv.FormatInt(sound.Lost, 10), "received": strconv.FormatInt(sound.Received, 10)}
		if sound.MOS > 0 {
			args["mos"] = strconv.FormatFloat(sound.MOS, 'f', 2, 64)
		}
		steps = append(steps, why.Step[Told]{Code: toldSound, Args: args})
	}
	if call.origID != "" {
		steps = append(steps, why.Step[Told]{Code: toldIDs, Args: why.Args{"call": call.origID, "leg": call.termID}})
	}
	if len(call.Routes) > 0 {
		i.Tenant = call.Routes[0].Owner.Domain
	}
	i.Outcome, i.Steps = string(code), activity.Steps(steps...)
	return i
}
