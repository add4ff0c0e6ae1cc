// Package dialog holds the SIP side of calls: the dialogs of RFC 3261 over the
// parser, transports and transactions of sipgo. The dialog sessions of sipgo are
// not used: they leave calls up after a CANCEL that crosses a 200, and cannot be
// corrected from outside. Nor is its layer of transactions: it takes each message on
// a goroutine of its own, so that a BYE may be taken before the key that came right
// before it. Here the messages of a call are taken as they arrive, one by one.
//
// A Stack has the sockets: New opens them, Serve answers at them. It gives each
// call to us to Config.Incoming, and Dial makes a call of ours. A Call is asked for
// something by its methods, and tells what happens as Events.
//
// Each thing that a call has to get right over time is a machine in a file of its
// own: a plain value without I/O, goroutines and clock. An event is a method that
// takes the time since the call began and returns what to send; due says when the
// machine next wants tick. The one goroutine of a call joins its machines, and
// keeps a single timer at the earliest due of them all.
package dialog
