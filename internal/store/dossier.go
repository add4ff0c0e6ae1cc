package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/phone"
)

// Dossier is everything that is known about a number, as it is exported.
type Dossier struct {
	Number       string               `json:"number"`
	Texts        []ledger.Text        `json:"texts"`
	Inbound      []ledger.Inbound     `json:"inbound"`
	Answers      []ledger.Answered    `json:"answers"`
	Suppressions []ledger.Suppression `json:"suppressions"`
	Consents     []ledger.Consent     `json:"consents"`
	Calls        []core.StoredCall    `json:"calls"`
	Activity     []activity.Item      `json:"activity"`
}

// Dossier returns everything that is stored about a number, newest first.
func (s *Store) Dossier(ctx context.Context, number string) (Dossier, error) {
	number = phone.Key(number)
	d := Dossier{Number: number}
	err := s.readTx(ctx, func(ctx context.Context, q querier) error {
		var err error
		if d.Texts, err = selectTexts(ctx, q, ledger.Query{Number: number}); err != nil {
			return err
		}
		if d.Suppressions, err = selectSuppressions(ctx, q, `WHERE number = $1`, number); err != nil {
			return err
		}
		for _, part := range []struct {
			query string
			scan  func(*sql.Rows) error
		}{
			{`SELECT id, domain, sender, receiver, message, at FROM inbound WHERE sender = $1 ORDER BY at DESC, id`, func(rows *sql.Rows) error {
				var (
					m  ledger.Inbound
					at int64
				)
				err := rows.Scan(&m.ID, &m.Domain, &m.From, &m.To, &m.Message, &at)
				m.ID, m.At = strings.TrimPrefix(m.ID, inboundPrefix(m.Domain)), fromMillis(at)
				d.Inbound = append(d.Inbound, m)
				return err
			}},
			{`SELECT entry, call_id, caller, step, at, reason, args, text, 0 AS calls FROM answers WHERE caller = $1
				UNION ALL SELECT entry, '', caller, step, at, reason, '', '', calls FROM counted_calls WHERE caller = $1
				ORDER BY at DESC, entry, call_id, step`, func(rows *sql.Rows) error {
				var (
					a    ledger.Answered
					at   int64
					args string
				)
				err := rows.Scan(&a.Entry, &a.CallID, &a.Caller, &a.Step, &at, &a.Reason, &args, &a.Text, &a.Calls)
				if err == nil {
					a.Args, err = readArgs(args)
				}
				a.At = fromMillis(at)
				d.Answers = append(d.Answers, a)
				return err
			}},
			{`SELECT number, entry, at, call_id, wording, pressed FROM consents WHERE number = $1 ORDER BY at DESC, entry, call_id`, func(rows *sql.Rows) error {
				var (
					c  ledger.Consent
					at int64
				)
				err := rows.Scan(&c.Number, &c.Entry, &at, &c.CallID, &c.Wording, &c.Key)
				c.At = fromMillis(at)
				d.Consents = append(d.Consents, c)
				return err
			}},
			{`SELECT id, at, from_number, to_number, outcome, failed, trace FROM calls WHERE from_number = $1 OR to_number = $1 ORDER BY at DESC, id`, func(rows *sql.Rows) error {
				var (
					c          core.StoredCall
					at, failed int64
				)
				err := rows.Scan(&c.ID, &at, &c.From, &c.To, &c.Outcome, &failed, &c.Trace)
				c.At, c.Failed = fromMillis(at), failed != 0
				d.Calls = append(d.Calls, c)
				return err
			}},
			{"SELECT " + activityColumns + " FROM activity WHERE number = $1 ORDER BY at DESC, id DESC", func(rows *sql.Rows) error {
				item, err := scanActivity(rows)
				d.Activity = append(d.Activity, item)
				return err
			}},
		} {
			rows, err := q.QueryContext(ctx, part.query, number)
			if err != nil {
				return err
			}
			if err := eachRow(rows, func() error { return part.scan(rows) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Dossier{}, fmt.Errorf("read what is known of a number: %w", err)
	}
	return d, nil
}
