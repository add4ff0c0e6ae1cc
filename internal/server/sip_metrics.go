package server

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of calls over SIP, and of their sound.
var (
	sipCallsNow     = level("switchhook_sip_calls", "Calls over SIP that are in hand.")
	sipCallsTaken   = level("switchhook_sip_calls_total", "Calls over SIP that were taken.")
	sipCallsRefused = level("switchhook_sip_calls_refused_total", "Calls over SIP that were turned down because there was no room for them, by why.", "why")
	sipCallsTooLong = level("switchhook_sip_calls_too_long_total", "Calls over SIP that max_call_length has ended.")
	sipMessages     = level("switchhook_sip_messages_total", "SIP messages that were read.")
	sipDropped      = level("switchhook_sip_dropped_total", "Datagrams and connections of SIP that were not read, by why.", "why")
	mediaPackets    = level("switchhook_media_packets_total", "Packets of the calls' sound, by direction.", "direction")
	mediaPorts      = level("switchhook_media_ports_in_use", "Pairs of media_ports that calls have, one for RTP and one for RTCP each.")
	mediaTicks      = level("switchhook_media_ticks_total", "Times that a thread of the sound has worked, every 5 ms.")
	mediaLate       = level("switchhook_media_late_ticks_total", "Those of them that began more than 10 ms late.")
	mediaSkipped    = level("switchhook_media_skipped_ticks_total", "Those that were left out, because a thread was late by more than 100 ms.")
	mediaLatest     = level("switchhook_media_latest_seconds", "The most that a thread of the sound was late since the start.")
)

// sipCollector is the prometheus.Collector of calls over SIP, if there are to be any.
type sipCollector struct{ calls func() *sipCalls }

// Describe implements prometheus.Collector.
func (sipCollector) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		sipCallsNow, sipCallsTaken, sipCallsRefused, sipCallsTooLong, sipMessages, sipDropped,
		mediaPackets, mediaPorts, mediaTicks, mediaLate, mediaSkipped, mediaLatest,
	} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (c sipCollector) Collect(to chan<- prometheus.Metric) {
	calls := c.calls()
	if calls == nil {
		return
	}
	taken := calls.server.Counts()
	sendLevel(to, sipCallsNow, float64(taken.InHand))
	sendTotal(to, sipCallsTaken, taken.Taken)
	sendTotals(to, sipCallsRefused, taken.Refused)
	sendTotal(to, sipCallsTooLong, taken.TooLong)
	heard := calls.stack.Counts()
	sendTotal(to, sipMessages, heard.Messages)
	sendTotals(to, sipDropped, heard.Dropped)
	sound := calls.media.Counts()
	sendTotal(to, mediaPackets, sound.Received, "received")
	sendTotal(to, mediaPackets, sound.Sent, "sent")
	sendLevel(to, mediaPorts, float64(calls.ports.InUse()))
	sendTotal(to, mediaTicks, sound.Ticks)
	sendTotal(to, mediaLate, sound.Late)
	sendTotal(to, mediaSkipped, sound.Skipped)
	sendLevel(to, mediaLatest, sound.Latest.Seconds())
}

func sendTotal(to chan<- prometheus.Metric, desc *prometheus.Desc, n uint64, labels ...string) {
	to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
}

func sendTotals[L ~string](to chan<- prometheus.Metric, desc *prometheus.Desc, counts map[L]uint64) {
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		sendTotal(to, desc, counts[label], string(label))
	}
}

// errNoSIP is what /readyz says of SIP before its sockets are open.
var errNoSIP = errors.New("no calls are taken over SIP yet")

// takesSIP is the check of /readyz for SIP.
func (p *phoneSidePart) takesSIP(context.Context) error {
	if p.sip == nil {
		return errNoSIP
	}
	return p.sip.stack.Failed()
}
