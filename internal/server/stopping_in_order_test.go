package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server"
)

func TestAStopGoesBackwards(t *testing.T) {
	var ended []string
	var log bytes.Buffer
	stops := server.NewStops(slog.New(slog.NewTextHandler(&log, nil)), time.Minute)
	for _, name := range []string{"database", "requests", "jobs"} {
		stops.Add(name, func(context.Context) error {
			ended = append(ended, name)
			return errors.New(name + " fails")
		})
	}
	err := stops.Run()
	if diff := cmp.Diff([]string{"jobs", "requests", "database"}, ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	if err == nil || err.Error() != "jobs fails\nrequests fails\ndatabase fails" {
		t.Errorf("the error is %v", err)
	}
	if ended = nil; stops.Run() != nil || ended != nil {
		t.Errorf("ended again: %q", ended)
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
}

func TestALateStopIsNamedAndTheRestIsEndedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		stops := server.NewStops(slog.New(slog.NewTextHandler(&log, nil)), time.Minute)
		began := time.Now()
		stops.Add("database", func(ctx context.Context) error {
			time.Sleep(time.Second)
			if ctx.Err() == nil {
				t.Error("the database has time left")
			}
			return nil
		})
		stops.Add("queues", func(context.Context) error { time.Sleep(time.Hour); return nil })
		stops.Add("calls", func(ctx context.Context) error { <-ctx.Done(); return nil })
		stops.Add("jobs", func(context.Context) error { time.Sleep(59 * time.Second); return nil })
		if err := stops.Run(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Minute+time.Hour+time.Second {
			t.Errorf("it took %s: something was not waited for", took)
		}
		for part, after := range map[string]string{"jobs": "", "calls": "1m0s", "queues": "1m5s", "database": ""} {
			late := `msg="not stopped in time" part=` + part + " after=" + after
			if strings.Contains(log.String(), late) != (after != "") {
				t.Errorf("%s: want it in the log as late after %q:\n%s", part, after, &log)
			}
		}
	})
}

func TestWhatRunsBesideIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		stops := server.NewStops(slog.New(slog.DiscardHandler), time.Minute)
		stops.Beside(ctx, "loops", func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
		})
		cancel()
		synctest.Wait()
		time.Sleep(time.Hour)
		if ended {
			t.Error("it has ended before its turn")
		}
		if err := stops.Run(); err != nil || !ended {
			t.Errorf("ended: %v, %v", ended, err)
		}
	})
}
