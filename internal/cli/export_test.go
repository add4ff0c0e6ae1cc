package cli

// LimitMemory is limitMemory.
var LimitMemory = limitMemory
