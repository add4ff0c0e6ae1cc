package store

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// connectPatience is how long a server may take to answer, if the URL has
	// no connect_timeout. A caller on the phone may wait for it.
	connectPatience = 5 * time.Second

	// maxConnections is how many connections a process uses, if the URL has no
	// pool_max_conns: by default a server allows 100 in all.
	maxConnections = 16

	programName = "switchhook" // in pg_stat_activity
)

// openPostgres connects to a server.
func (s *Store) openPostgres(ctx context.Context, config Config) error {
	parsed, err := parseURL(config.URL)
	if err != nil {
		return err
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, parsed); err != nil {
		return s.explain(err)
	}
	s.writer = stdlib.OpenDBFromPool(s.pool)
	s.readers = s.writer
	if err := s.writer.PingContext(ctx); err != nil {
		at := parsed.ConnConfig
		return fmt.Errorf("%s at %s: %w", at.Database, net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))), s.explain(err))
	}
	// As many transactions there can be at once, over all servers.
	return s.explain(s.pool.QueryRow(ctx, "SELECT setting::integer FROM pg_settings WHERE name = 'max_connections'").Scan(&s.margin))
}

// parseURL parses the setting. The libraries' errors about a malformed URL may
// contain parts of the password, so they are not passed on.
func parseURL(url string) (*pgxpool.Config, error) {
	const form = "write it as postgres://USER:PASSWORD@HOST:5432/DATABASE; in the password a slash is %2F, an at sign %40, a colon %3A, a percent sign %25"
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, fault.Newf(fault.Invalid, "the database's URL does not begin with postgres://").WithHint("%s", form)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the database's URL cannot be read").WithHint("%s", form)
	}
	if !strings.Contains(url, "connect_timeout=") {
		config.ConnConfig.ConnectTimeout = connectPatience
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = maxConnections
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = programName
	}
	return config, nil
}
