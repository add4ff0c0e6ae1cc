package responder_test

import (
	"encoding/xml"
	"fmt"
	"testing"
	"time"

	"github.com/switchhook/switchhook/responder"
)

// typical is a document as most responders send: a menu with two prompts, and
// what to say if nothing was pressed.
func typical() responder.Document {
	return responder.Respond(
		responder.Gather{
			Prompts:   []responder.Prompt{responder.Say{Text: "For sales & service, press 1.", Voice: "female", Language: "en-US"}, responder.Play{URL: "https://www.example.com/prompts/menu.wav"}},
			NumDigits: 1,
			Timeout:   5 * time.Second,
			Action:    "menu.php?step=2&lang=en",
		},
		responder.Say{Text: "We did not hear you. Goodbye.", Voice: "female", Language: "en-US"},
		responder.Hangup{},
	)
}

// The same document for encoding/xml, with plain structs.
type (
	plainDocument struct {
		XMLName xml.Name     `xml:"Response"`
		Gather  *plainGather `xml:"Gather"`
		Say     *plainSay    `xml:"Say"`
		Hangup  *struct{}    `xml:"Hangup"`
	}
	plainGather struct {
		NumDigits int        `xml:"numDigits,attr,omitempty"`
		Timeout   float64    `xml:"timeout,attr,omitempty"`
		Action    string     `xml:"action,attr,omitempty"`
		Say       *plainSay  `xml:"Say"`
		Play      *plainPlay `xml:"Play"`
	}
	plainSay struct {
		Voice    string `xml:"voice,attr,omitempty"`
		Language string `xml:"language,attr,omitempty"`
		Text     string `xml:",chardata"`
	}
	plainPlay struct {
		URL string `xml:",chardata"`
	}
)

func plainTypical() plainDocument {
	return plainDocument{
		Gather: &plainGather{
			NumDigits: 1, Timeout: 5, Action: "menu.php?step=2&lang=en",
			Say:  &plainSay{Text: "For sales & service, press 1.", Voice: "female", Language: "en-US"},
			Play: &plainPlay{URL: "https://www.example.com/prompts/menu.wav"},
		},
		Say:    &plainSay{Text: "We did not hear you. Goodbye.", Voice: "female", Language: "en-US"},
		Hangup: &struct{}{},
	}
}

func typicalXML(b *testing.B) []byte {
	b.Helper()
	encoded, err := responder.Encode(typical())
	if err != nil {
		b.Fatal(err)
	}
	return encoded
}

// perDocument reports how many documents of that size were handled.
func perDocument(b *testing.B, size int) {
	b.Helper()
	b.SetBytes(int64(size))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkEncode(b *testing.B) {
	document := typical()
	size := len(typicalXML(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := responder.Encode(document); err != nil {
			b.Fatal(err)
		}
	}
	perDocument(b, size)
}

func BenchmarkAppendDocument(b *testing.B) {
	document := typical()
	size := len(typicalXML(b))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = responder.AppendDocument(buf[:0], document); err != nil {
			b.Fatal(err)
		}
	}
	perDocument(b, size)
}

func BenchmarkEncodingXMLMarshal(b *testing.B) {
	document := plainTypical()
	var encoded []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if encoded, err = xml.Marshal(document); err != nil {
			b.Fatal(err)
		}
	}
	perDocument(b, len(encoded))
}

func BenchmarkParse(b *testing.B) {
	encoded := typicalXML(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := responder.Parse(encoded); err != nil {
			b.Fatal(err)
		}
	}
	perDocument(b, len(encoded))
}

func BenchmarkEncodingXMLUnmarshal(b *testing.B) {
	encoded := typicalXML(b)
	b.ReportAllocs()
	for b.Loop() {
		var document plainDocument
		if err := xml.Unmarshal(encoded, &document); err != nil {
			b.Fatal(err)
		}
	}
	perDocument(b, len(encoded))
}

// BenchmarkParseHostile shows the cost of a byte of hostile documents: it is
// the same for large ones as for small ones.
func BenchmarkParseHostile(b *testing.B) {
	for _, c := range hostile {
		for _, size := range []int{16 << 10, responder.MaxDocument} {
			b.Run(fmt.Sprintf("%s/%dKiB", c.name, size>>10), func(b *testing.B) {
				document := []byte(fill(size, c.start, c.piece, c.end))
				b.SetBytes(int64(len(document)))
				for b.Loop() {
					_, _ = responder.Parse(document)
				}
			})
		}
	}
}
