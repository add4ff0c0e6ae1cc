//go:build !linux

package cli_test

import "github.com/rogpeppe/go-internal/testscript"

// startPhone starts none: calls over SIP need Linux.
func startPhone(*testscript.Env) error { return nil }
