package netsapiens

// NewTransport is newTransport, for tests that give it another way to dial.
var NewTransport = newTransport
