// Package sourcetest holds stand-ins for those who know who is on call:
// PagerDuty, Better Stack, ilert, GoAlert, Grafana IRM and a calendar feed. Each
// is an http.Handler that is strict about what it is asked and as odd in its
// answers as the real one is.
//
//	pagerduty := sourcetest.NewPagerDuty("PT54U20")
//	pagerduty.OnCall(sourcetest.Person{ID: "PALICE", Name: "Alice Example", Level: 1,
//		Phones: []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1}}})
//	network := sourcetest.Listen(pagerduty)
//	defer network.Close()
//	client := fetch.New(fetch.Options{Dial: network.Dial})
//
// A request that the vendor's description does not allow is answered with 400
// and kept in Violations; what was asked is in Requests. Break makes a stand-in
// fail in one of the ways that a Fault is, Limit makes it count requests, and
// [Network.Kill] takes it off the network. A Network has no sockets, so that it
// can be used in a bubble of testing/synctest.
//
// The package shares no code with the adapters, so that a mistake there is not
// made twice.
package sourcetest
