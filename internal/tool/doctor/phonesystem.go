package doctor

import (
	"context"
	"fmt"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/netsapiens"
)

// phoneSystem checks the phone system, the entries, and what was made for them
// there.
func (e *examination) phoneSystem(ctx context.Context) {
	entries := e.entries(ctx)
	if e.store != nil {
		e.provisioned(ctx, entries)
	}
	var err error
	if e.client, err = server.Client(e.settings); err != nil {
		e.failed("phone system", err)
		return
	}
	defer e.client.CloseIdle()
	if e.token(ctx) {
		e.owners(ctx, entries)
		e.replies(ctx, entries)
	}
}

// token checks that the phone system answers and knows the token.
func (e *examination) token(ctx context.Context) (good bool) {
	const about = "phone system"
	version, err := e.client.Version(ctx)
	if err != nil && !netsapiens.Unauthorized(err) {
		e.failed(about, err)
		return false
	}
	answers := fmt.Sprintf("%s answers (version %s)", e.settings.NetSapiens.URL, version.API)
	key, err := e.client.APIKey(ctx)
	switch {
	case netsapiens.Unauthorized(err):
		e.fail(about, err.Error(), "make a new API key on the phone system and set it: netsapiens.token or NS_TOKEN")
		return false
	case err != nil:
		// Tokens that are not API keys cannot be queried.
		e.warn(about, fmt.Sprintf("%s; it does not describe the token: %v", answers, err), "")
	case key.ReadOnly == netsapiens.Yes:
		e.fail(about, "the token may only read", "make an API key that may write")
		return false
	default:
		e.ok(about, fmt.Sprintf("%s, the token is good (%s, domain %s)", answers, key.Scope, key.Domain))
	}
	return true
}
