package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// Receive records an incoming text, and what decide makes of it: a suppression,
// its end, a reply. A message ID counts once: if it has been seen, nothing is
// decided. Decide gets what is known of the sender, for texts of the tenant;
// History.Entry and History.Consent are empty, as a message is not for a
// particular entry. The same rules apply as for Begin's decide.
//
// A reply beyond its limits is left out; they count over all processes. A reply
// is queued and due at once unless decide says when; its job is made.
func (s *Store) Receive(ctx context.Context, m ledger.Inbound, tenant string, decide func(ledger.History) ledger.Reply) (ledger.Received, error) {
	m.From = phone.Key(m.From)
	now := s.now()
	var (
		reply    ledger.Text
		received ledger.Received
	)
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		reply, received = ledger.Text{}, ledger.Received{}
		if err := s.holdNumber(ctx, tx, m.From, m.ID); err != nil {
			return err
		}
		n, err := execCount(ctx, tx, `
			INSERT INTO inbound (id, domain, sender, receiver, message, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO NOTHING`, inboundPrefix(m.Domain)+m.ID, m.Domain, m.From, m.To, m.Message, millis(m.At))
		if received.Seen = n == 0; err != nil || received.Seen {
			return err
		}
		reply, received.Capped, err = s.answerInbound(ctx, tx, m, tenant, now, decide)
		return err
	})
	if err != nil {
		return ledger.Received{}, fmt.Errorf("receive message %s: %w", m.ID, err)
	}
	if reply.ID != "" {
		s.scheduleText(ctx, reply.ID, reply.Due)
	}
	return received, nil
}

// answerInbound carries out what decide says, and returns the reply that was
// queued, or a text without an ID.
func (s *Store) answerInbound(ctx context.Context, tx *sql.Tx, m ledger.Inbound, tenant string, now time.Time,
	decide func(ledger.History) ledger.Reply) (queued ledger.Text, capped bool, err error) {
	var b batch
	var known callerFacts
	readCaller(&b, &known, ledger.Call{Key: ledger.Key{Caller: m.From}, Tenant: tenant, At: now})
	if err := b.run(ctx, tx); err != nil {
		return ledger.Text{}, false, err
	}
	reply := decide(known.history)
	if reply.Lift {
		if err := lift(ctx, tx, tenant, m.From); err != nil {
			return ledger.Text{}, false, err
		}
	}
	if reply.Suppress != nil {
		if err := insertSuppression(ctx, tx, *reply.Suppress); err != nil {
			return ledger.Text{}, false, err
		}
	}
	if reply.Item != nil {
		defer func() {
			if err == nil {
				err = s.tell(ctx, tx, reply.Item(queued.ID, capped))
			}
		}()
	}
	if reply.Text == nil {
		return ledger.Text{}, false, nil
	}
	for _, limit := range reply.Limits {
		ok, _, err := countOne(ctx, tx, limit.Key, Rate{Burst: limit.Most, Per: limit.Per}, now)
		if err != nil || !ok {
			return ledger.Text{}, err == nil, err
		}
	}
	queued, err = insertQueued(ctx, tx, *reply.Text, now)
	return queued, false, err
}

// inboundPrefix is the prefix of a domain's message ids: a client that may post
// for one domain must not mark another's messages as seen. Those of an older
// version have none.
func inboundPrefix(domain string) string { return strings.ToLower(domain) + "/" }
