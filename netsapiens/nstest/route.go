package nstest

// Call names a call of the API.
type Call string

// The calls that a System knows.
const (
	ReadVersion      Call = "read the version"
	ReadAPIKey       Call = "read the API key" //nolint:gosec // a name, no credential
	ListSMSNumbers   Call = "list SMS numbers"
	ListPhoneNumbers Call = "list phone numbers"
	ListUsers        Call = "list users"
	ReadUser         Call = "read a user"
	CreateUser       Call = "create a user"
	DeleteUser       Call = "delete a user"
	ListDialRules    Call = "list dial rules"
	ReadDialRule     Call = "read a dial rule"
	CreateDialRule   Call = "create a dial rule"
	UpdateDialRule   Call = "update a dial rule"
	DeleteDialRule   Call = "delete a dial rule"
	ReadAnswerRule   Call = "read an answer rule"
	UpdateAnswerRule Call = "update an answer rule"
	CreateAnswerRule Call = "create an answer rule"
	DeleteAnswerRule Call = "delete an answer rule"
	SendMessage      Call = "send a message"
	ListMessages     Call = "list messages"

	QueueCall       Call = "queue a call" // by version 2
	QueueCallLegacy Call = "queue a call by the legacy API"
	ListQueuedCalls Call = "list queued calls"

	ListSubscriptions  Call = "list event subscriptions"
	ReadSubscription   Call = "read an event subscription"
	CreateSubscription Call = "create an event subscription"
	UpdateSubscription Call = "update an event subscription"
	DeleteSubscription Call = "delete an event subscription"
)

// What stands before the paths of the two APIs.
const (
	prefix       = "/ns-api/v2"
	legacyPrefix = "/ns-api"
)

// route is a call, how it is asked and what it does.
type route struct {
	call   Call
	method string
	path   string
	list   bool
	fields fields // nil: no body
	action string // of the legacy API, object/action, whose path is the root's and whose body is a form; empty: version 2
	do     func(*System, input) reply
}

var routes = []route{
	{call: ReadVersion, method: "GET", path: "/version", do: (*System).readVersion},
	{call: ReadAPIKey, method: "GET", path: "/apikeys/~", do: (*System).readAPIKey},
	{call: ListSMSNumbers, method: "GET", path: "/domains/{domain}/smsnumbers", list: true, do: (*System).listSMSNumbers},
	{call: ListPhoneNumbers, method: "GET", path: "/domains/{domain}/phonenumbers", list: true, do: (*System).listPhoneNumbers},
	{call: ListUsers, method: "GET", path: "/domains/{domain}/users", list: true, do: (*System).listUsers},
	{call: ReadUser, method: "GET", path: "/domains/{domain}/users/{user}", do: (*System).readUser},
	{call: CreateUser, method: "POST", path: "/domains/{domain}/users", do: (*System).createUser, fields: fields{
		"synchronous": maybe(yesNo), "user": name, "name-first-name": text, "name-last-name": text, "email-address": email,
		"user-scope": scope, "service-code": maybe(text), "dial-plan": maybe(text), "time-zone": maybe(text), "caller-id-number": maybe(text),
	}},
	{call: DeleteUser, method: "DELETE", path: "/domains/{domain}/users/{user}", do: (*System).deleteUser},
	{call: ListDialRules, method: "GET", path: "/domains/{domain}/dialplans/{plan}/dialrules", list: true, do: (*System).listDialRules},
	{call: CreateDialRule, method: "POST", path: "/domains/{domain}/dialplans/{plan}/dialrules", do: (*System).createDialRule, fields: fields{
		"synchronous":                              yesNo,
		"dial-rule-matching-to-uri":                text,
		"dial-rule-matching-from-uri":              text,
		"dial-rule-matching-day-of-week":           days,
		"dial-rule-matching-start-date":            date,
		"dial-rule-matching-end-date":              date,
		"dial-rule-matching-start-time":            clock,
		"dial-rule-matching-end-time":              clock,
		"enabled":                                  yesNo,
		"dial-rule-application":                    text,
		"dial-rule-parameter":                      anyText,
		"dial-rule-translation-destination-scheme": scheme,
		"dial-rule-translation-destination-user":   text,
		"dial-rule-translation-destination-host":   text,
		"dial-rule-translation-source-name":        text,
		"dial-rule-translation-source-scheme":      scheme,
		"dial-rule-translation-source-user":        text,
		"dial-rule-translation-source-host":        text,
		"dial-rule-description":                    anyText,
	}},
	{call: ReadDialRule, method: "GET", path: "/domains/{domain}/dialplans/{plan}/dialrules/{rule}", do: (*System).readDialRule},
	{call: UpdateDialRule, method: "PUT", path: "/domains/{domain}/dialplans/{plan}/dialrules/{rule}", do: (*System).updateDialRule, fields: fields{
		"dialrule":              sameAs("rule"),
		"enabled":               yesNo,
		"dial-rule-application": text,
		"dial-rule-parameter":   anyText,
		"dial-rule-translation-destination-scheme": scheme,
		"dial-rule-translation-destination-user":   text,
		"dial-rule-translation-destination-host":   text,
		"dial-rule-translation-source-name":        text,
		"dial-rule-translation-source-scheme":      scheme,
		"dial-rule-translation-source-user":        text,
		"dial-rule-translation-source-host":        text,
		"dial-rule-description":                    anyText,
	}},
	{call: DeleteDialRule, method: "DELETE", path: "/domains/{domain}/dialplans/{plan}/dialrules/{rule}", do: (*System).deleteDialRule},
	{call: ReadAnswerRule, method: "GET", path: "/domains/{domain}/users/{user}/answerrules/{frame}", do: (*System).readAnswerRule},
	{call: UpdateAnswerRule, method: "PUT", path: "/domains/{domain}/users/{user}/answerrules/{frame}", do: (*System).updateAnswerRule, fields: fields{
		"time-frame": sameAs("frame"), "enabled": yesNo, "is-active": truth, "forward-always": feature,
	}},
	{call: CreateAnswerRule, method: "POST", path: "/domains/{domain}/users/{user}/answerrules", do: (*System).createAnswerRule, fields: fields{
		"synchronous": yes, "time-frame": text, "enabled": yesNo, "is-active": truth, "forward-always": feature,
	}},
	{call: DeleteAnswerRule, method: "DELETE", path: "/domains/{domain}/users/{user}/answerrules/{frame}", do: (*System).deleteAnswerRule},
	{call: SendMessage, method: "POST", path: "/domains/{domain}/users/{user}/messagesessions/{session}/messages", do: (*System).sendMessage, fields: fields{
		"type": sms, "message": text, "destination": number, "from-number": number,
	}},
	{call: ListMessages, method: "GET", path: "/domains/{domain}/users/{user}/messagesessions/{session}/messages", list: true, do: (*System).listMessages},
	{call: QueueCall, method: "POST", path: "/domains/{domain}/queuedcall/{queue}", do: (*System).queueCall, fields: fields{"destination": number}},
	{call: ListQueuedCalls, method: "GET", path: "/domains/{domain}/queuedcall/{queue}", do: (*System).listQueuedCalls},
	{call: QueueCallLegacy, method: "POST", path: "/{$}", action: "queuedcall/create", do: (*System).queueCallLegacy, fields: fields{
		"destination": number, "queue": queueName, "uid": sameField("queue"),
	}},
	{call: ListSubscriptions, method: "GET", path: "/subscriptions", list: true, do: (*System).listSubscriptions},
	{call: ListSubscriptions, method: "GET", path: "/domains/{domain}/subscriptions", list: true, do: (*System).listSubscriptions},
	{call: ReadSubscription, method: "GET", path: "/subscriptions/{id}", do: (*System).readSubscription},
	{call: CreateSubscription, method: "POST", path: "/subscriptions", do: (*System).createSubscription, fields: newSubscription},
	{call: CreateSubscription, method: "POST", path: "/domains/{domain}/subscriptions", do: (*System).createSubscription, fields: newSubscription},
	{call: UpdateSubscription, method: "PUT", path: "/subscriptions/{id}", do: (*System).updateSubscription, fields: changedSubscription},
	{call: UpdateSubscription, method: "PUT", path: "/domains/{domain}/subscriptions/{id}", do: (*System).updateSubscription, fields: changedSubscription},
	{call: DeleteSubscription, method: "DELETE", path: "/subscriptions/{id}", do: (*System).deleteSubscription, fields: fields{
		"subscription_id": sameAs("id"), "domain": maybe(text),
	}},
	{call: DeleteSubscription, method: "DELETE", path: "/domains/{domain}/subscriptions/{id}", do: (*System).deleteSubscription},
}
