package dialog

import "github.com/emiago/sipgo/sip"

// The address of somebody who hides theirs (RFC 3323 section 4.1.1.3).
const (
	AnonymousUser = "anonymous"
	AnonymousHost = "anonymous.invalid"
)

// Anonymous is somebody who calls and does not show who they are.
func Anonymous() Party {
	return Party{Name: "Anonymous", Address: sip.Uri{Scheme: "sip", User: AnonymousUser, Host: AnonymousHost}}
}

// Private asks whom a call comes by to pass nothing on of who calls (RFC 3323 section
// 4.2, RFC 3325 section 9.3).
func Private() sip.Header { return sip.NewHeader("Privacy", "id") }
