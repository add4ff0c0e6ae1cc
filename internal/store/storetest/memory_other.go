//go:build !linux

package storetest

// memory returns nothing: use the temporary folder.
func memory() string { return "" }
