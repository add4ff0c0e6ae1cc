// Package netsapiens is a client of the API of NetSapiens phone systems,
// version 2: it sends texts, and it reads and writes what leads a call to a
// web responder (users, dial rules, answer rules, the numbers of a domain). It has
// people called by a queue ([Client.QueueCall]), by whichever API takes that. It
// also subscribes to events: [Client.CreateSubscription] makes the phone system
// post what comes in, and [ParseMessageEvents] reads what it posts.
//
//	client, err := netsapiens.New(netsapiens.Config{URL: "https://ucportal.example.net", Token: token})
//	…
//	err = client.SendSMS(ctx, netsapiens.SMS{Domain: "example.com", User: "2000", From: "19294873999", To: "19734321440", Message: "Open until five."})
//
// [New] makes a [Client]; its methods are named after what they do. Lists come
// page by page, as iterators; [Collect] makes a slice of one.
//
// Every error of a Client is an [*Error] with a sentence for people, in which
// numbers are masked and tokens do not occur. Functions tell what to do about
// it: [AlreadyExists], [NotFound], [Unauthorized], [Unsupported], [Temporary],
// [Permanent]. Before anything is sent a second time, ask [Uncertain]: whether
// the phone system may have done it although no good answer came.
//
// Nothing is written twice by the Client itself. A GET whose connection failed
// is sent once more. Redirects are never followed: the token would go along.
//
// Package nstest, beside this one, is a phone system for tests.
package netsapiens
