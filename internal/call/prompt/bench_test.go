package prompt_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// benchSentence is a sentence of a menu.
const benchSentence = "Your call is important to us, and we would like to thank you for waiting so patiently; please stay on the line " +
	"while we connect you to the next member of our team."

// BenchmarkSay measures how long a caller waits for the first sound of a sentence:
// one that is new, one that is in memory, and one that an earlier start has left on
// disk. The median and the 99th percentile are reported in milliseconds.
func BenchmarkSay(b *testing.B) {
	for _, engine := range []speech.Engine{speech.EspeakNG, speech.Flite} {
		voice, err := speech.Find(engine, speech.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		for _, from := range []prompt.Source{prompt.Made, prompt.Memory, prompt.Disk} {
			b.Run(fmt.Sprint(engine, "/", from), func(b *testing.B) { benchmarkSay(b, voice, from) })
		}
	}
}

func benchmarkSay(b *testing.B, voice speech.Voice, from prompt.Source) {
	folder := b.TempDir()
	start := func() *prompt.Library {
		disk, err := soundcache.Open(soundcache.Config{Folder: folder, Bytes: 1 << 30, Age: time.Hour})
		if err != nil {
			b.Fatal(err)
		}
		return prompt.New(prompt.Config{Voice: voice, Disk: disk})
	}
	say := func(l *prompt.Library, u speech.Utterance) time.Duration {
		began := time.Now()
		sound, release, err := l.Say(b.Context(), u)
		first := time.Since(began)
		if err == nil {
			err = sound.WaitEnd(b.Context())
			release()
		}
		if err != nil {
			b.Fatal(err)
		}
		return first
	}
	l := start()
	say(l, speech.Utterance{Text: benchSentence})
	var waits []time.Duration
	for i := 0; b.Loop(); i++ {
		u := speech.Utterance{Text: benchSentence}
		switch from {
		case prompt.Made:
			u.Text += fmt.Sprint(" ", i)
		case prompt.Disk:
			b.StopTimer()
			l.Close()
			l = start()
			b.StartTimer()
		}
		waits = append(waits, say(l, u))
	}
	l.Close()
	slices.Sort(waits)
	b.ReportMetric(waits[len(waits)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(waits[len(waits)*99/100].Seconds()*1e3, "p99-ms")
}
