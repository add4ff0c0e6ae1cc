package core

import "context"

// TakeTurns is one pass of WorkQueues.
func (c *Core) TakeTurns(ctx context.Context) { c.lookThroughQueues(ctx) }
