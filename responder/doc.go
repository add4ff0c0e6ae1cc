// Package responder writes web responders: programs that a hosted phone system
// asks, over HTTP, what to do with a call.
//
// The phone system sends a [Request] that says who is calling and which keys
// were pressed. The answer is a [Document]: verbs that are run in order, such
// as [Say], [Gather] and [Forward]. Two functions do most of the work:
//
//	http.Handle("/", responder.Handle(func(ctx context.Context, req *responder.Request) (responder.Document, error) {
//		return responder.Respond(responder.Say{Text: "Hello."}, responder.Hangup{}), nil
//	}))
//
// [Handle] makes an http.Handler of a function, and [Respond] makes a document
// of verbs. A call of several steps keeps its state in [Sessions]; a phone
// system that signs its requests is checked by the Handler, or with [Verify].
//
// Programs that read documents rather than write them use [Parse], which
// accepts what responders in the field really send and reports what was odd
// about it, with line and column.
//
// The package needs nothing beyond the standard library.
package responder
