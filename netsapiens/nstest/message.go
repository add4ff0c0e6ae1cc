package nstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Receive lets a text from a number outside come in for one of the System's SMS
// numbers, as digits. It keeps the text in a conversation of the number's user
// and posts it, with all other events that wait, to those who subscribed to
// messages. It returns the text's id and the posts that failed. A test may
// have it received twice, by the quirk RepeatsEvents.
func (s *System) Receive(from, to, text string) (id string, failed []Post) {
	return s.keepInbound(from, to, text), s.PostEvents()
}

func (s *System) keepInbound(from, to, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain, user := s.ownerOf(to)
	m := s.newMessage(domain, s.conversation(domain, user, from, to))
	maps.Copy(m, Object{"direction": "orig", "from-number": from, "terminating-user-id": user + "@" + domain,
		"dialed": to, "terminating-number": to, "text": text})
	return s.keep(domain, user, m)
}

// ownerOf returns whose an SMS number is.
func (s *System) ownerOf(number string) (domain, user string) {
	for name, d := range s.domains {
		for _, n := range d.smsNumbers {
			if n["number"] == number && n["application"] == "user" {
				return name, fmt.Sprint(n["dest"])
			}
		}
	}
	panic("nstest: the SMS number " + number + " is no user's")
}

// conversation returns the session of a user's messages with a number, the one
// that was used last or a new one.
func (s *System) conversation(domain, user, remote, number string) string {
	for _, m := range slices.Backward(s.kept) {
		o := m.fields
		if m.domain == domain && m.user == user &&
			(o["from-number"] == number && o["dialed"] == remote || o["from-number"] == remote && o["dialed"] == number) {
			return fmt.Sprint(o["messagesession-id"])
		}
	}
	return fmt.Sprintf("%032x", len(s.kept)+1)
}

// keptMessage is a message of a conversation of a user.
type keptMessage struct {
	domain, user string
	fields       Object // as the API shows it
}

// keepSent keeps a text that a user sends.
func (s *System) keepSent(in input) {
	domain, user := in.r.PathValue("domain"), in.r.PathValue("user")
	m := s.newMessage(domain, in.r.PathValue("session"))
	maps.Copy(m, Object{"direction": "term", "from-number": in.fields["from-number"], "from-user-id": user + "@" + domain, "from-user-agent": in.r.UserAgent(),
		"dialed": in.fields["destination"], "terminating-number": in.fields["destination"], "text": in.fields["message"], "status": "sent"})
	s.keep(domain, user, m)
}

// newMessage returns what all messages have.
func (s *System) newMessage(domain, session string) Object {
	form := "2006-01-02T15:04:05.00Z"
	if s.quirks.PlainTimes {
		form = apiTime
	}
	return Object{"id": fmt.Sprintf("m-%013x", len(s.kept)+1), "timestamp": s.now().Format(form), "type": "sms", "domain": domain,
		"from-user-id": nil, "from-video-attendee-id": nil, "from-user-agent": nil, "terminating-user-id": nil, "status": "",
		"media-type": nil, "media-size": nil, "video-instance-id": nil,
		"messagesession-id": session, "messagesession-reciever-hostname": "core1.example.net", "messagesession-participants": nil}
}

// keep stores a message, notifies subscribers, and returns its id.
func (s *System) keep(domain, user string, m Object) string {
	s.kept = append(s.kept, keptMessage{domain, user, m})
	s.happens("message", domain, user, m)
	return fmt.Sprint(m["id"])
}

// listMessages answers with the messages of a conversation, the youngest
// first.
func (s *System) listMessages(in input) reply {
	u, missing := s.user(in)
	if u == nil {
		return missing
	}
	domain, user, session := in.r.PathValue("domain"), in.r.PathValue("user"), in.r.PathValue("session")
	var found []Object
	for _, m := range slices.Backward(s.kept) {
		if m.domain == domain && m.user == user && m.fields["messagesession-id"] == session {
			found = append(found, m.fields)
		}
	}
	if found == nil {
		return says(http.StatusNotFound, "Message session does not exist.")
	}
	return s.page(in, found)
}
