package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/loopback"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/fault"
)

type testCommand struct {
	Files  []string `arg:"" name:"file|folder" help:"Saved calls, written by call --save, and folders with such files (.jsonl)."`
	Over   string   `help:"Play the calls over sip: in real time, over a server and a telephone on this machine." placeholder:"sip"`
	Update bool     `help:"Record the calls again instead of comparing them."`
	At     string   `help:"Call the responders at this origin instead of the saved one, such as http://127.0.0.1:8080." placeholder:"ORIGIN"`
	coreFlag
	Secret string `help:"Sign requests with this HttpSecret, which a saved call does not hold." placeholder:"SECRET"`
	JSON   bool   `help:"Print the results as JSON, one a line." name:"json"`
	JUnit  string `help:"Write the results to a file as JUnit XML." name:"junit" placeholder:"FILE"`
}

// verdict is the result of one saved call.
type verdict struct {
	file string
	took time.Duration
	diff string // the difference, as lines with - and +; empty: none
	err  error  // the call could not be replayed
}

// Run replays every file and compares.
func (c *testCommand) Run(ctx context.Context, m *Main) error {
	if err := c.check(); err != nil {
		return err
	}
	files, err := savedCalls(c.Files)
	if err != nil {
		return err
	}
	c.announce(m, files)
	var verdicts []verdict
	failed, broken := 0, 0
	c.replayAll(ctx, m, files, func(v verdict) {
		verdicts = append(verdicts, v)
		switch {
		case v.err != nil:
			broken++
		case v.diff != "":
			failed++
		}
		c.print(m, v)
	})
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, verdicts); err != nil {
			return err
		}
	}
	if !c.JSON {
		fmt.Fprintf(m.Out, "%d passed, %d failed\n", len(verdicts)-failed-broken, failed+broken)
	}
	switch {
	case failed > 0:
		return exit(exitFailed)
	case broken > 0:
		return exit(exitUsage)
	}
	return nil
}

// overSIP is the value of --over.
const overSIP = "sip"

// check refuses flags that mean nothing.
func (c *testCommand) check() error {
	switch {
	case c.Over != "" && c.Over != overSIP:
		return fault.Newf(fault.Invalid, "--over %q is not sip", c.Over).WithHint("without --over the calls are simulated, in no time")
	case c.Over != "" && c.Update:
		return fault.Newf(fault.Invalid, "--update is not for calls over SIP").WithHint("record them again without --over: the times of a saved call are those of a simulated one")
	}
	return nil
}

// savedEnd is the end of a saved call's name, by which folders are searched.
const savedEnd = ".jsonl"

// savedCalls returns the files among paths, and those in the folders among them.
func savedCalls(paths []string) (files []string, err error) {
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			files = append(files, path) // one that is not there has its own verdict
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(name, savedEnd) {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, &fault.Error{Code: fault.NotFound, Message: path + " cannot be searched for saved calls", Err: err}
		}
		if len(files) == before {
			return nil, fault.Newf(fault.NotFound, "%s has no saved call", path).WithHint("call --save FILE%s writes one", savedEnd)
		}
	}
	return files, nil
}

// callsAtOnce is how many calls over SIP are played at a time. Each has two threads
// for its sound.
const callsAtOnce = 8

// announce says how long calls over SIP take, unless a program reads the results.
func (c *testCommand) announce(m *Main, files []string) {
	if c.Over == "" || c.JSON {
		return
	}
	var longest, all time.Duration
	for _, file := range files {
		if saved, err := m.readSaved(file); err == nil && len(saved.Events) > 0 {
			length := saved.Events[len(saved.Events)-1].At
			longest, all = max(longest, length), all+length
		}
	}
	fmt.Fprintf(m.Err, "over SIP the calls take real time: about %d s\n", int(max(longest, all/callsAtOnce).Seconds())+1)
}

// replayAll plays the saved calls, and tells their verdicts in the order of the
// files.
func (c *testCommand) replayAll(ctx context.Context, m *Main, files []string, tell func(verdict)) {
	atOnce := 1
	if c.Over != "" {
		atOnce = callsAtOnce
	}
	places := make(chan struct{}, atOnce)
	verdicts := make([]chan verdict, len(files))
	for i := range verdicts {
		verdicts[i] = make(chan verdict, 1)
	}
	var playing sync.WaitGroup
	playing.Go(func() {
		for i, file := range files {
			places <- struct{}{}
			playing.Go(func() {
				started := time.Now()
				v := verdict{file: file}
				v.diff, v.err = c.replay(ctx, m, file)
				v.took = time.Since(started)
				verdicts[i] <- v
				<-places
			})
		}
	})
	for _, v := range verdicts {
		tell(<-v)
	}
	playing.Wait()
}

// replay plays one saved call again and returns the difference.
func (c *testCommand) replay(ctx context.Context, m *Main, file string) (string, error) {
	saved, err := m.readSaved(file)
	if err != nil {
		return "", err
	}
	private, err := m.private()
	if err != nil {
		return "", err
	}
	o := simulator.Options{Target: c.At, Secret: c.Secret, Private: private}
	if c.Over != "" {
		o.Over = loopback.Call
	}
	if isNumber(saved.Target) {
		if c.Over != "" {
			return "", fault.Newf(fault.Unsupported, "%s calls the number %s of a Core; over SIP the calls of a responder's URL are played", file, saved.Target)
		}
		o.Place = c.dialer(m).Place
	}
	result, diff, err := simulator.Replay(ctx, saved, o)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	if c.Update {
		if result.Outcome.Failed && !saved.Failed() {
			return fmt.Sprintf("  the call failed and was not recorded: %s\n", result.Outcome.Reason), nil
		}
		saved.Events = result.Events
		return "", writeSaved(file, saved, false)
	}
	return diff, nil
}

// verdictJSON is a verdict as --json prints it.
type verdictJSON struct {
	File    string  `json:"file"`
	Result  string  `json:"result"` // passed, failed, or error: it could not be replayed
	Seconds float64 `json:"seconds"`
	Diff    string  `json:"diff,omitempty"`
	Error   string  `json:"error,omitempty"`
}

// print prints a verdict.
func (c *testCommand) print(m *Main, v verdict) {
	switch {
	case c.JSON:
		line := verdictJSON{File: v.file, Result: "passed", Seconds: v.took.Round(time.Millisecond).Seconds(), Diff: v.diff}
		switch {
		case v.err != nil:
			line.Result, line.Error = "error", v.err.Error()
		case v.diff != "":
			line.Result = "failed"
		}
		_ = json.NewEncoder(m.Out).Encode(line) // who reads it may have gone
	case v.err != nil:
		fmt.Fprintf(m.Out, "FAIL  %s\n", v.file)
		m.report(v.err)
	case v.diff != "":
		fmt.Fprintf(m.Out, "FAIL  %s\n%s", v.file, v.diff)
	case c.Update:
		fmt.Fprintf(m.Out, "saved %s\n", v.file)
	case v.took >= time.Second:
		fmt.Fprintf(m.Out, "ok    %s  %.1f s\n", v.file, v.took.Seconds())
	default:
		fmt.Fprintf(m.Out, "ok    %s  %d ms\n", v.file, v.took.Milliseconds())
	}
}
