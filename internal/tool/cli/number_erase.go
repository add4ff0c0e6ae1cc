package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/store"
)

type numberEraseCommand struct {
	settingsFlag
	Number string `arg:"" help:"The number, with its country code."`
	Yes    bool   `help:"Erase it. This cannot be undone."`
}

// Run erases everything about a number. It first says what that is.
func (c *numberEraseCommand) Run(ctx context.Context, m *Main) error {
	return c.withRecords(ctx, func(r *records) error {
		home, err := r.home(ctx, ledger.AnyTenant)
		if err != nil {
			return err
		}
		n, err := knownNumber(c.Number, home)
		if err != nil {
			return err
		}
		number := phone.NewFinder(n, home)
		found, err := r.holdings(ctx, number)
		if err != nil {
			return err
		}
		found.Stays = append(found.Stays, server.Mentions(r.settings, number)...)
		sounds, err := soundcache.Count(server.PromptsFolder(r.settings))
		if err != nil {
			return err
		}
		if c.Yes {
			return c.erase(ctx, m, r, number, found)
		}
		masked, kept := phone.Mask(n.Key()), found.Removed != store.Removed{} || len(found.Others) > 0 || len(found.recordings) > 0
		if !kept {
			fmt.Fprintf(m.Out, "nothing is kept about %s\n", masked)
		}
		tellStays(m.Out, found)
		if sounds > 0 {
			fmt.Fprintf(m.Out, "sounds of prompts on disk %d: nobody knows which speak of a number, so --yes removes them all; they are made again\n", sounds)
		}
		if !kept {
			return nil
		}
		return fault.Newf(fault.Invalid, "nothing was erased; of %s are kept: %s", masked, amounts(found)).
			WithHint("this cannot be undone: switchhook number export saves them first; --yes erases them")
	})
}

// holdings are what is stored about a number.
type holdings struct {
	store.Erasure

	folder     *recording.Folder
	recordings []recording.Held // on this machine
}

// holdings returns what is stored about a number.
func (r *records) holdings(ctx context.Context, number *phone.Finder) (*holdings, error) {
	found, err := r.Holdings(ctx, number)
	if err != nil {
		return nil, err
	}
	folder, err := server.Recordings(ctx, r.settings, r.Store)
	if err != nil {
		return nil, err
	}
	recordings, err := folder.Of(number.Number())
	return &holdings{found, folder, recordings}, err
}

// erase erases a number for which this was found.
func (c *numberEraseCommand) erase(ctx context.Context, m *Main, r *records, number *phone.Finder, found *holdings) error {
	masked := phone.Mask(number.Number().Key())
	fmt.Fprintf(m.Out, "erasing of %s: %s\n", masked, amounts(found))
	rows, err := r.Erase(ctx, number)
	if err != nil {
		return err
	}
	recordings, err := found.folder.Erase(number.Number())
	if err != nil {
		return err
	}
	erased := &holdings{rows, found.folder, recordings}
	if err := r.audit(ctx, "number erased", masked, ""); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "erased of %s: %s\n", masked, amounts(erased))
	if erased.CallBacks > 0 {
		fmt.Fprintf(m.Out, "and requested calls to it: %d; their count is kept as long as it matters for the caps\n", erased.CallBacks)
	}
	// Whatever they say, and in which words: calls make them again.
	sounds, err := soundcache.Clear(server.PromptsFolder(r.settings))
	if err != nil {
		return err
	}
	if sounds > 0 {
		fmt.Fprintf(m.Out, "and all sounds of prompts on disk: %d; they are made again\n", sounds)
	}
	tellStays(m.Out, found)
	if slices.ContainsFunc(recordings, func(r recording.Held) bool { return r.Making }) {
		fmt.Fprintln(m.Out, "stays: what a call leaves that was being recorded: erase the number again when it has ended")
	}
	unreached, err := r.Scrub(ctx)
	if r.settings.Core != nil && r.settings.Database.IsSet() {
		unreached = append(unreached, "recordings and sounds of prompts on other machines whose servers use this database: erase the number on each")
	}
	for _, place := range unreached {
		fmt.Fprintf(m.Out, "not reached: %s\n", place)
	}
	return err
}

// amounts says how many records of each kind there are.
func amounts(found *holdings) string {
	var b strings.Builder
	fmt.Fprintf(&b, "texts to it %d, texts from it %d, answers to its calls %d, consents %d, calls %d",
		found.Texts, found.Inbound, found.Answers, found.Consents, found.Calls)
	if found.CallBacks > 0 {
		fmt.Fprintf(&b, ", calls that were asked for %d", found.CallBacks)
	}
	if len(found.recordings) > 0 {
		fmt.Fprintf(&b, ", recordings %d", len(found.recordings))
	}
	if found.Activity > 0 {
		fmt.Fprintf(&b, ", items of the activity record %d", found.Activity)
	}
	for _, other := range found.Others {
		fmt.Fprintf(&b, ", %s %d", other.What, other.Count)
	}
	return b.String()
}

// tellStays prints what holds the number and stays, one a line.
func tellStays(out io.Writer, found *holdings) {
	if found.Suppressions > 0 {
		fmt.Fprintln(out, "the number stays on the suppression list, without the words: the duty not to reach it remains")
	}
	for _, held := range found.Stays {
		what := held.What
		if held.Name != "" {
			what += " " + strconv.Quote(held.Name)
		}
		if held.Count > 1 {
			what += fmt.Sprintf(" (%d records)", held.Count)
		}
		fmt.Fprintf(out, "stays: %s: %s\n", what, held.Why)
	}
}
