package crash_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/test/await"
)

// redial is the pause after which the phone system asks again if the connection
// broke.
const redial = 20 * time.Millisecond

// caller is somebody who calls once.
type caller struct {
	number string
	heard  textback.Reason
	asked  int // requests until they were answered
}

// callersFrom returns so many callers, each with a number.
func callersFrom(first, n int) []*caller {
	all := make([]*caller, n)
	for i := range all {
		all[i] = &caller{number: fmt.Sprintf("1973432%04d", first+i)}
	}
	return all
}

// query is what the phone system asks a webhook for a caller.
func query(number, callID string) url.Values {
	return url.Values{"id": {entryID}, "NmsAni": {"+" + number}, "NmsDnis": {"2125551212"}, "OrigCallID": {callID},
		"AccountUser": {"8001"}, "AccountDomain": {domain}, "Digits": {""}}
}

// call has the phone system ask for the caller until a whole answer comes: from
// any of the servers, as a load balancer chooses.
func (c *caller) call(ctx context.Context, f *fleet, random *rand.Rand) error {
	for {
		address, err := f.address(ctx, random)
		if err != nil {
			return fmt.Errorf("%s waits for a server: %w", c.number, err)
		}
		c.asked++
		heard, err := ask(ctx, address, query(c.number, "call-of-"+c.number))
		if err == nil {
			c.heard = heard
			return nil
		}
		again := time.NewTimer(redial)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return fmt.Errorf("%s is not answered: %w", c.number, err)
		}
	}
}

// lines are connections that are used once, as those of phone systems. Those
// wait only 15 s: the webhook's own tests check what callers hear by then.
var lines = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: await.Limit}

// says finds the reason in a document: each is spoken by its name, but for that
// of the cool-down.
var says = regexp.MustCompile(`^<Response><Say>(\w+|We have already texted you\.)</Say><Hangup/></Response>$`)

// ask asks a webhook and returns what the caller hears. The error says that the
// connection broke.
func ask(ctx context.Context, address string, q url.Values) (textback.Reason, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/webresponder?"+q.Encode(), http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := lines.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	document, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	found := says.FindSubmatch(document)
	if response.StatusCode != http.StatusOK || found == nil {
		return textback.Reason(fmt.Sprintf("%d %s", response.StatusCode, document)), nil
	}
	return textback.Reason(found[1]), nil
}

// alreadyTexted is what is heard in the cool-down.
const alreadyTexted textback.Reason = "We have already texted you."

// hears is ask for a server that lives.
func hears(t *testing.T, s *process, number, callID string) textback.Reason {
	t.Helper()
	heard, err := ask(t.Context(), s.address, query(number, callID))
	if err != nil {
		t.Fatalf("%v\n%s", err, s.said())
	}
	return heard
}
