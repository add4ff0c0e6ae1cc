package sipp

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// The scenarios are those of sipp with one addition: {{ }} writes what would be the
// same in each.
//
//	{{request "BYE" 2}}                  sends a request of the caller, with its CSeq
//	{{request "INVITE" 1 (sdp "a=x")}}   with a body, or with further fields; 100 may come
//	{{hop "CANCEL" 1}}                   sends what goes with the INVITE of that CSeq: CANCEL, the ACK of a refusal
//	{{answered (sdp)}}                   calls, and takes the answer
//	{{hangup 2}}                         sends BYE, and takes its 200
//	{{reply 200}}                        answers what came last within a dialog
//	{{response 180}}                     answers what came last outside of one, with a tag
//	{{note}}                             notes a request, for what follows
//	{{late 200}}                         answers the INVITE that was noted
//	{{fork 200 "other"}}                 with another tag
//	{{lateReply 200}}                    answers the request within a dialog that was noted
//	{{lateCancel}}                       answers the CANCEL of the INVITE that was noted
//	{{called "BYE" 1}}                   sends a request of the called side
//	{{content "text/plain" "x"}}         is a body
//	{{check "CSeq:" "2 INVITE"}}         a field must match
//	{{body "a=recvonly"}}                the body must match
//	{{lacks "a=sendrecv"}}               the message must not match
//	{{keep "rseq" "RSeq:"}}              keeps a field, as [$rseq]
//	{{verified}}                         checks the credentials of alice, whose password is secret …
//	{{refusedUnlessValid}}               … and ends the scenario if they are wrong
var parts = template.FuncMap{
	"request": requestOfCaller,
	"hop": func(method string, cseq int, parts ...any) string {
		return callerSends(method, initialTarget, "INVITE", cseq, parts)
	},
	"answered": func(parts ...any) string {
		return requestOfCaller("INVITE", 1, parts...) + `<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>` + requestOfCaller("ACK", 1)
	},
	"hangup": func(cseq int) string { return requestOfCaller("BYE", cseq) + `<recv response="200"/>` },
	"called": func(method string, cseq int, parts ...any) string {
		return messageOf(method+" [next_url] SIP/2.0", fmt.Sprintf(`Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-%s-%d
From: [$to];tag=called[call_number]
To: [$from]
Call-ID: [call_id]
CSeq: %d %s`, method, cseq, cseq, method), parts)
	},
	"response": func(status int, parts ...any) string {
		return response(status, "[last_Via:]\n[last_From:]\n[last_To:];tag=called[call_number]\n[last_Call-ID:]\n[last_CSeq:]", parts)
	},
	"reply": func(status int, parts ...any) string {
		return response(status, "[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]", parts)
	},
	"note": func() string {
		return keep("via", "Via:") + keep("from", "From:") + keep("to", "To:") + keep("cseq", "CSeq:")
	},
	"late": func(status int, parts ...any) string {
		return response(status, "Via: [$via]\nFrom: [$from]\nTo: [$to];tag=called[call_number]\nCall-ID: [call_id]\nCSeq: [$cseq]", parts)
	},
	"fork": func(status int, tag string, parts ...any) string {
		return response(status, "Via: [$via]\nFrom: [$from]\nTo: [$to];tag="+tag+"\nCall-ID: [call_id]\nCSeq: [$cseq]", parts)
	},
	"lateCancel": func() string { // answers the CANCEL of the INVITE that was noted
		return response(200, "Via: [$via]\nFrom: [$from]\nTo: [$to]\nCall-ID: [call_id]\nCSeq: 1 CANCEL", nil)
	},
	"lateReply": func(status int, parts ...any) string {
		return response(status, "Via: [$via]\nFrom: [$from]\nTo: [$to]\nCall-ID: [call_id]\nCSeq: [$cseq]", parts)
	},
	"sdp":     soundOffer,
	"content": func(kind, text string) content { return content{kind, text} },
	"check": func(header, match string) string {
		return expression(`search_in="hdr" check_it="true" header="`+header+`"`, match, "seen")
	},
	"body":  func(match string) string { return expression(`search_in="body" check_it="true"`, match, "seen") },
	"lacks": func(match string) string { return expression(`search_in="msg" check_it_inverse="true"`, match, "seen") },
	"keep":  keep,
	"verified": func() string {
		return `<action><verifyauth assign_to="valid" username="alice" password="secret"/></action>`
	},
	"refusedUnlessValid": func() string {
		return `<nop condexec="valid" condexec_inverse="true"><action><error message="The credentials are wrong"/></action></nop>`
	},
}

const initialTarget = "sip:[service]@[remote_ip]:[remote_port]"

func requestOfCaller(method string, cseq int, parts ...any) string {
	target := "[next_url]"
	if method == "OPTIONS" || method == "INVITE" && cseq == 1 {
		target = initialTarget
	}
	sent := callerSends(method, target, method, cseq, parts)
	if method == "INVITE" {
		sent += `<recv response="100" optional="true"/>`
	}
	return sent
}

// callerSends returns a request whose branch is that of a method.
func callerSends(method, target, branch string, cseq int, parts []any) string {
	return messageOf(method+" "+target+" SIP/2.0", fmt.Sprintf(`Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-%s-%d
From: <sip:caller@[local_ip]:[local_port]>;tag=caller[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: %d %s`, branch, cseq, cseq, method), parts)
}

func response(status int, fields string, parts []any) string {
	return messageOf(fmt.Sprintf("SIP/2.0 %d As Said", status), fields, parts)
}

func keep(name, header string) string {
	return expression(`search_in="hdr" check_it="true" header="`+header+`"`, "[^ ].*", name)
}

// content is what a message has below its header.
type content struct{ kind, text string }

// soundOffer offers or answers PCMU with keys; lines are added to it, or take the
// place of the one that begins as they do.
func soundOffer(lines ...string) content {
	text := []string{
		"v=0", "o=sipp 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
		"m=audio 6000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000",
	}
next:
	for _, line := range lines {
		for i := range text {
			if line[0] != 'a' && line[0] == text[i][0] {
				text[i] = line
				continue next
			}
		}
		text = append(text, line)
	}
	return content{"application/sdp", strings.Join(text, "\n") + "\n"}
}

// messageOf joins a start line, the usual fields, and what a scenario adds.
func messageOf(start, fields string, added []any) string {
	message := []string{start, fields, "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"}
	if !strings.HasPrefix(start, "SIP/") {
		message = append(message, "Max-Forwards: 70")
	}
	body := ""
	for _, part := range added {
		switch part := part.(type) {
		case string:
			message = append(message, part)
		case content:
			message, body = append(message, "Content-Type: "+part.kind), part.text
		}
	}
	return "<send><![CDATA[\n" + strings.Join(message, "\n") + "\nContent-Length: [len]\n\n" + body + "]]></send>"
}

// expression is an ereg of sipp.
func expression(where, match, name string) string {
	return fmt.Sprintf(`<action><ereg regexp=%q %s assign_to=%q/></action>`, match, where, name)
}

// write writes a scenario as sipp reads it, and returns the file.
func (s Scenario) write(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.File)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := template.Must(template.New(s.File).Funcs(parts).Parse(string(text))).Execute(&out, s.Data); err != nil {
		t.Fatal(err)
	}
	whole := strings.ReplaceAll(out.String(), "</action><action>", "")
	if names := namesOf(whole); len(names) > 0 { // sipp refuses a name that is not used again
		whole = strings.ReplaceAll(whole, "</scenario>", `<Reference variables="`+strings.Join(names, ",")+`"/></scenario>`)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(s.File))
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// namesOf returns what a scenario assigns to.
func namesOf(scenario string) []string {
	var names []string
	for _, found := range regexp.MustCompile(`assign_to="(\w+)"`).FindAllStringSubmatch(scenario, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}
