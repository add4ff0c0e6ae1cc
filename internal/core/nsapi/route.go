package nsapi

import (
	"net/http"
	"strings"
)

// noRoute is what a phone system says to a call that it does not know.
const noRoute = "No Route Found [92]"

// route is one call of the API.
type route struct {
	method string
	path   string // a pattern of http.ServeMux
	reach  reach
	do     func(*Handler, *call) (reply, error)
}

const (
	ofDomain = "/domains/{domain}"
	ofUser   = ofDomain + "/users/{user}"
	ofPlan   = ofDomain + "/dialplans/{plan}"
)

// routes are the calls. The ids of dial rules are base64, and clients are careless
// with its slashes: they take all that is left of a path.
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
	on("GET", ofPlan+"/dialrules/{rule...}", inDomain, (*Handler).readDialRule),
	on("PUT", ofPlan+"/dialrules/{rule...}", inDomain, (*Handler).updateDialRule),
	on("DELETE", ofPlan+"/dialrules/{rule...}", inDomain, (*Handler).deleteDialRule),

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

	on("GET", ofDomain+"/calls", inDomain, (*Handler).listCalls),
	on("GET", ofUser+"/calls", live, (*Handler).listCalls),
	on("POST", ofUser+"/calls", oneself, (*Handler).makeCall),
	on("GET", ofUser+"/calls/{call}", live, (*Handler).readCall),
	on("DELETE", ofUser+"/calls/{call}", live, (*Handler).disconnectCall),
	on("PATCH", ofUser+"/calls/{call}/transfer", live, (*Handler).transferCall),

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
	return route{method, prefix + path, far, do}
}

// endpoint is the http.Handler of a route.
type endpoint struct {
	*Handler
	route
}

// newMux returns a mux of the routes. Ask find before it answers: it would answer
// HEAD as GET, redirect, and refuse in words of its own.
func (h *Handler) newMux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.method+" "+r.path, endpoint{h, r})
	}
	return mux
}

// find returns why a request leads to no route.
func (h *Handler) find(r *http.Request) error {
	if r.Method != http.MethodHead && h.leads(r, r.Method) {
		return nil
	}
	var others []string
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut} {
		if h.leads(r, method) {
			others = append(others, method)
		}
	}
	if others == nil {
		return failf(http.StatusNotFound, noRoute)
	}
	return notServed(r.Method, others...)
}

// notServed refuses a method where others are served.
func notServed(method string, others ...string) error {
	e := failf(http.StatusMethodNotAllowed, "%s is not served at this path", method)
	e.allow = strings.Join(others, ", ")
	return e
}

// leads reports whether a method has a route at a request's path.
func (h *Handler) leads(r *http.Request, method string) bool {
	asked := *r
	asked.Method = method
	found, _ := h.mux.Handler(&asked)
	_, leads := found.(endpoint)
	return leads
}

// trimSlash returns a request without the slash that its path ends with, unless
// that belongs to a name.
func trimSlash(r *http.Request) *http.Request {
	if !strings.HasSuffix(r.URL.EscapedPath(), "/") {
		return r
	}
	trimmed := r.Clone(r.Context())
	trimmed.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
	trimmed.URL.RawPath = strings.TrimSuffix(r.URL.RawPath, "/")
	return trimmed
}
