// Command switchhook answers the calls of hosted phone systems, and plays their
// part to try out an answer.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/switchhook/switchhook/internal/tool/cli"
)

// The last release, which CHANGELOG.md describes. The Makefile reads it here, and
// has the linker set what git knows beyond it.
var (
	version = "0.1.0"
	commit  = ""
)

func main() {
	os.Exit(run())
}

func run() int {
	// If a reader has seen enough (| head), we want an error, not to be
	// killed: what was started must be stopped.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	main := cli.Main{
		Version: version, Commit: commit, Program: os.Args[0],
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv,
	}
	return main.Run(ctx, os.Args[1:])
}
