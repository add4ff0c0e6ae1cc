package process

// LimitMemory exports limitMemory.
var LimitMemory = limitMemory
