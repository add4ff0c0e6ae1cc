// Package document reads what a responder answered as a document.
package document

import "github.com/switchhook/switchhook/responder"

// Parse reads a responder's answer, or a file of one, as [responder.Parse]
// does. contentType is the answer's; empty where there is none.
func Parse(data []byte, contentType string) (*responder.Parsed, error) {
	return responder.Parse(data)
}
