package cli

import (
	"context"
	"errors"

	"github.com/switchhook/switchhook/internal/tool/demo"
)

type demoCommand struct{}

// Run shows the whole loop on this machine until it is told to stop.
func (demoCommand) Run(ctx context.Context, m *Main) error {
	_, _, live := m.terminal()
	err := demo.Run(ctx, demo.Config{
		In: m.In, Out: m.Out, Live: live, Program: m.program(),
		Command: func(ctx context.Context, token string, args ...string) { m.asOperator(token).Run(ctx, args) },
	})
	if errors.Is(err, demo.ErrDiffers) {
		return exit(exitFailed)
	}
	return err
}

// asOperator returns a Main whose commands use an operator's token.
func (m *Main) asOperator(token string) *Main {
	operator := *m
	operator.Getenv = func(name string) string {
		if name == "SWITCHHOOK_TOKEN" {
			return token
		}
		return m.Getenv(name)
	}
	return &operator
}
