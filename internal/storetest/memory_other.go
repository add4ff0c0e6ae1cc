//go:build !linux

package storetest

// memory returns nothing: the folder for what is temporary is to be used.
func memory() string { return "" }
