package nsapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// noRoute is what a phone system says to a call that it does not know.
const noRoute = "No Route Found [92]"

// route is one call of the API.
type route struct {
	method string
	path   []string // segments; {name} is any, {name…} is all that is left
	reach  reach
	do     func(*Handler, *call) (reply, error)
}

// rest ends the name of a segment that takes all that is left. The ids of dial
// rules are base64, and clients are careless with its slashes.
const rest = "…"

const (
	ofDomain = "/domains/{domain}"
	ofUser   = ofDomain + "/users/{user}"
	ofPlan   = ofDomain + "/dialplans/{plan}"
)

// routes are the calls. Among those of the same length a literal segment comes
// before a name.
var routes = []route{
	on("GET", "/version", anybody, (*Handler).version),
	on("GET", "/apikeys/~", anybody, (*Handler).describe),

	on("GET", "/domains", system, (*Handler).listDomains),
	on("POST", "/domains", system, (*Handler).createDomain),
	on("GET", ofDomain, inDomain, (*Handler).readDomain),

	on("GET", ofDomain+"/users", inDomain, (*Handler).listUsers),
	on("POST", ofDomain+"/users", inDomain, (*Handler).createUser),
	on("GET", ofUser, oneself, (*Handler).readUser),
	on("PUT", ofUser, inDomain, (*Handler).updateUser),
	on("DELETE", ofUser, inDomain, (*Handler).deleteUser),

	on("GET", "/dialplans", system, (*Handler).listDialPlans),
	on("POST", "/dialplans", system, (*Handler).createDialPlan),
	on("POST", ofDomain+"/dialplans", inDomain, (*Handler).createDialPlan),
	on("PUT", ofPlan, inDomain, (*Handler).updateDialPlan),
	on("DELETE", ofPlan, inDomain, (*Handler).deleteDialPlan),

	on("GET", ofPlan+"/dialrules", inDomain, (*Handler).listDialRules),
	on("POST", ofPlan+"/dialrules", inDomain, (*Handler).createDialRule),
	on("GET", ofPlan+"/dialrules/count", inDomain, (*Handler).countDialRules),
	on("GET", ofPlan+"/dialrules/{rule"+rest+"}", inDomain, (*Handler).readDialRule),
	on("PUT", ofPlan+"/dialrules/{rule"+rest+"}", inDomain, (*Handler).updateDialRule),
	on("DELETE", ofPlan+"/dialrules/{rule"+rest+"}", inDomain, (*Handler).deleteDialRule),

	on("GET", ofUser+"/answerrules", oneself, (*Handler).listAnswerRules),
	on("POST", ofUser+"/answerrules", inDomain, (*Handler).createAnswerRule),
	on("GET", ofUser+"/answerrules/{frame}", oneself, (*Handler).readAnswerRule),
	on("PUT", ofUser+"/answerrules/{frame}", inDomain, (*Handler).updateAnswerRule),
	on("DELETE", ofUser+"/answerrules/{frame}", inDomain, (*Handler).deleteAnswerRule),

	on("GET", "/phonenumbers", system, (*Handler).listPhoneNumbers),
	on("GET", ofDomain+"/phonenumbers", inDomain, (*Handler).listPhoneNumbers),
	on("POST", ofDomain+"/phonenumbers", inDomain, (*Handler).createPhoneNumber),
	on("PUT", ofDomain+"/phonenumbers", inDomain, (*Handler).updatePhoneNumber),
	on("GET", ofDomain+"/phonenumbers/{number}", inDomain, (*Handler).readPhoneNumber),
	on("PUT", ofDomain+"/phonenumbers/{number}", inDomain, (*Handler).updatePhoneNumber),
	on("DELETE", ofDomain+"/phonenumbers/{number}", inDomain, (*Handler).deletePhoneNumber),

	on("GET", "/smsnumbers", system, (*Handler).listSMSNumbers),
	on("GET", ofDomain+"/smsnumbers", inDomain, (*Handler).listSMSNumbers),
	on("POST", ofDomain+"/smsnumbers", inDomain, (*Handler).createSMSNumber),
	on("PUT", ofDomain+"/smsnumbers/{number}", inDomain, (*Handler).updateSMSNumber),
	on("DELETE", ofDomain+"/smsnumbers/{number}", inDomain, (*Handler).deleteSMSNumber),
	on("GET", ofUser+"/smsnumbers", oneself, (*Handler).listUsersSMSNumbers),

	on("GET", ofDomain+"/messagesessions", inDomain, (*Handler).listSessions),
	on("GET", ofUser+"/messagesessions", oneself, (*Handler).listSessions),
	on("GET", ofUser+"/messagesessions/{session}", oneself, (*Handler).readSession),
	on("GET", ofUser+"/messagesessions/{session}/messages", oneself, (*Handler).listMessages),
	on("POST", ofUser+"/messagesessions/{session}/messages", oneself, (*Handler).sendMessage),
	on("POST", ofUser+"/messages", oneself, (*Handler).startSession),

	on("GET", ofDomain+"/queuedcall/{queue}", inDomain, (*Handler).listQueuedCalls),
	on("POST", ofDomain+"/queuedcall/{queue}", inDomain, (*Handler).createQueuedCall),

	// Those without a domain in their path check the reach of the key
	// themselves.
	on("GET", "/subscriptions", anybody, (*Handler).listSubscriptions),
	on("POST", "/subscriptions", anybody, (*Handler).createSubscription),
	on("GET", "/subscriptions/{id}", anybody, (*Handler).readSubscription),
	on("PUT", "/subscriptions/{id}", anybody, (*Handler).updateSubscription),
	on("DELETE", "/subscriptions/{id}", anybody, (*Handler).deleteSubscription),
	on("GET", ofDomain+"/subscriptions", inDomain, (*Handler).listDomainsSubscriptions),
	on("POST", ofDomain+"/subscriptions", inDomain, (*Handler).createSubscription),
	on("PUT", ofDomain+"/subscriptions/{id}", inDomain, (*Handler).updateSubscription),
	on("DELETE", ofDomain+"/subscriptions/{id}", inDomain, (*Handler).deleteSubscription),
}

func on(method, path string, far reach, do func(*Handler, *call) (reply, error)) route {
	return route{method: method, path: strings.Split(path[1:], "/"), reach: far, do: do}
}

// find returns the call of a method and an escaped path, with the names in it.
func find(method, path string) (*route, map[string]string, error) {
	segments := strings.Split(strings.TrimPrefix(strings.TrimSuffix(path, "/"), "/"), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return nil, nil, failf(http.StatusBadRequest, "the path has an escape that cannot be read")
		}
		segments[i] = plain
	}
	var others []string
	for i := range routes {
		r := &routes[i]
		names, ok := r.match(segments)
		switch {
		case !ok:
		case r.method == method:
			return r, names, nil
		default:
			others = append(others, r.method)
		}
	}
	if others == nil {
		return nil, nil, failf(http.StatusNotFound, noRoute)
	}
	slices.Sort(others)
	e := failf(http.StatusMethodNotAllowed, "%s is not served at this path", method)
	e.allow = strings.Join(slices.Compact(others), ", ")
	return nil, nil, e
}

// match returns the names in a path, if it is this call's.
func (r *route) match(segments []string) (map[string]string, bool) {
	if len(segments) < len(r.path) {
		return nil, false
	}
	var names map[string]string
	for i, want := range r.path {
		if want[0] != '{' {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		if names == nil {
			names = make(map[string]string, 3)
		}
		name, value := want[1:len(want)-1], segments[i]
		if short, all := strings.CutSuffix(name, rest); all {
			name, value = short, strings.Join(segments[i:], "/")
			segments = segments[:len(r.path)]
		}
		if value == "" {
			return nil, false
		}
		names[name] = value
	}
	return names, len(segments) == len(r.path)
}
