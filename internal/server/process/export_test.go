package cli

// LimitMemory exports limitMemory.
var LimitMemory = limitMemory
