package server

import (
	"context"

	"github.com/switchhook/switchhook/internal/core"
)

// leadNumbers leads the numbers of the settings to their responders. A database that
// cannot be asked about them keeps nobody from calling.
func (f *phoneSide) leadNumbers(ctx context.Context, p *phoneSidePart, numbers []core.NumberSettings) {
	p.core.LeadNumbers(p.domain, numbers)
	if err := p.core.ReviewNumbers(ctx); err != nil {
		f.troubled(ctx, "numbers not compared with API", err)
	}
}
