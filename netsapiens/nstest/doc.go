// Package nstest is a NetSapiens phone system for tests: as much of its API as
// package netsapiens uses, kept in memory, strict about what it is asked and
// as odd in its answers as the real ones are.
//
//	system := nstest.Start(t, nstest.Quirks{})
//	system.AddDomain("example.com")
//	system.AddUser("example.com", "2000")
//	system.AddSMSNumber("example.com", "19294873999", "2000")
//	client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
//
// A request that the API's description does not allow is answered with 400 and
// fails the test. What was asked and answered is in [System.Requests], the
// texts that were sent in [System.Messages]. [System.Break] makes a call fail
// in one of the ways that a [Fault] is.
//
// The package shares no code with netsapiens, so that a mistake there is not
// made twice.
package nstest
