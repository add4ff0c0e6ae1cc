package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// maxPrepared is how many statements a connection keeps. A call takes about a
// dozen; statements built on demand, such as a list with many conditions, must
// not pile up.
const maxPrepared = 64

// preparing makes connections to SQLite that keep their statements. Preparing
// one takes SQLite as long as executing it, and the driver would do so each
// time; pgx keeps those of PostgreSQL by itself.
type preparing struct{ driver.Connector }

// Connect opens a connection.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("SQLite's driver has connections of type %T, which lack something", conn), conn.Close())
	}
	return &connection{sqliteConn: whole, idle: map[string]statement{}}, nil
}

// sqliteConn is everything that database/sql may use of a connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// statement is a prepared statement.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// connection is a connection that keeps its statements. Like any driver's
// connection it is used by one goroutine at a time.
type connection struct {
	sqliteConn
	idle map[string]statement // those not executing, by their text
}

// take returns a statement, which is the caller's until it is kept: the same
// text may be requested while the rows of the first are still being read.
func (c *connection) take(ctx context.Context, query string) (statement, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	whole, ok := s.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("SQLite's driver has statements of type %T, which lack something", s), s.Close())
	}
	return whole, nil
}

// keep takes a statement back. One that failed is closed, as its state is
// unknown.
func (c *connection) keep(query string, s statement, failed error) error {
	if _, ok := c.idle[query]; ok || failed != nil {
		return s.Close()
	}
	var err error
	if len(c.idle) >= maxPrepared {
		err = c.forget()
	}
	c.idle[query] = s
	return err
}

// forget closes all kept statements.
func (c *connection) forget() error {
	var errs []error
	for _, s := range c.idle {
		errs = append(errs, s.Close())
	}
	clear(c.idle)
	return errors.Join(errs...)
}

// ExecContext executes a statement that returns no rows.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	if kept := c.keep(query, s, err); err == nil {
		err = kept
	}
	return result, err
}

// QueryContext executes a statement that returns rows.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = c.keep(query, s, err) // why it failed says more
		return nil, err
	}
	return &preparedRows{Rows: rows, of: c, query: query, statement: s}, nil
}

// Close closes the connection and its statements.
func (c *connection) Close() error { return errors.Join(c.forget(), c.sqliteConn.Close()) }

// preparedRows are rows whose statement is kept once they are closed.
type preparedRows struct {
	driver.Rows
	of        *connection
	query     string
	statement statement
}

// Close implements driver.Rows.
func (r *preparedRows) Close() error {
	err := r.Rows.Close()
	if kept := r.of.keep(r.query, r.statement, err); err == nil {
		err = kept
	}
	return err
}
