package crash_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/textback"
)

// rowsOfPeople are the attackers who want someone else to be called or texted,
// or to keep them from it.
func rowsOfPeople() []row {
	limits := clicktocall.DefaultLimits()
	return []row{
		{name: "3,000 numbers, texts without a key", full: 3000, small: 60, attack: keylessTexts, most: newNumbers(), got: textsOfVictim, says: countedAs("texts")},
		{name: "numbers in Senegal, of satellites, 555-1212", full: 2000, small: 30, attack: dearTexts, got: textsOfVictim, says: countedAs("texts")},
		// Each of those who ask at once may have read that the cap has room.
		{name: "25,000 calls of one number", full: 25000, small: 60, attack: callsOfOne, most: textback.DefaultLimits().CallsPerNumber + attackers - 1, got: func(b *besieged) int {
			return b.asked("SELECT count(*) FROM answers WHERE entry = 'keyed'")
		}, says: countedAs("rows")},
		{name: "consent to a question that nobody asked", full: 3000, small: 20, attack: consentUnasked, got: func(b *besieged) int {
			return b.asked("SELECT count(*) FROM consents") + b.texts("victim.example")
		}, says: countedAs("consents and texts")},
		{name: "STOP in events of another domain", full: 1000, small: 10, attack: stopsOfOthers, given: eventsURL, got: func(b *besieged) int {
			return b.asked("SELECT count(*) FROM suppressions WHERE tenant = 'honest1.example'")
		}, says: countedAs("numbers stopped")},
		{name: "calls for one minute from 400 networks", full: 400, small: 20, attack: oneMinute, most: limits.ScheduledPerMinute, got: func(b *besieged) int {
			return b.asked("SELECT count(*) FROM callbacks WHERE entry = 'pressed'")
		}, says: countedAs("calls scheduled")},
		{name: "one /48 that presses", full: 100, small: 28, attack: oneBlock, most: 24, got: func(b *besieged) int { return b.calls("victim.example") }, says: countedAs("calls")},
		{name: "tokens for one /48", full: 4000, small: 40, attack: blockTokens, says: answers},
		{name: "codes of the page that ends calls", full: 2000, small: 20, attack: neverCodes, got: func(b *besieged) int {
			n := 0
			for _, m := range b.system.Messages() {
				if strings.Contains(strings.ToLower(m.Text), "code") {
					n++
				}
			}
			return n
		}, says: countedAs("codes texted")},
		{name: "guesses at a code, without work", full: 2000, small: 30, attack: codeGuesses, most: clicktocall.GuessesTaken(false).ForNumber, got: func(b *besieged) int {
			return b.asked("SELECT count(*) FROM callback_tries") + b.asked("SELECT count(*) FROM suppressions WHERE how = 'page'")
		}, says: countedAs("guesses that counted")},
		// Ten at the secrets of the server, and ten at the key of the entry.
		{name: "guesses at secrets", full: 16, small: 4, attack: func(b *bandit) { guesses(b, func(int) string { return guesser }) }, most: 20, got: guessesCompared, says: countedAs("compared")},
		{name: "guesses at secrets from one /48", full: 16, small: 4, attack: func(b *bandit) {
			guesses(b, func(i int) string { return fmt.Sprintf("2001:db8:48:%x::1", i%(1<<16)) })
		}, most: 80, got: guessesCompared, says: countedAs("compared")},
		{name: "visitors who follow their calls, and a restart", full: 100, small: 10, attack: followers, during: func(b *besieged) string {
			return fmt.Sprintf("SIGTERM took %s", b.restart().Round(time.Millisecond))
		}, says: answers},
	}
}

// newNumbers is the setting new_numbers_per_hour: how many numbers an entry
// texts if it is asked without its key.
func newNumbers() int {
	if full() {
		return 100
	}
	return smallNewNumbers
}

// textsOfVictim is how many texts the attacked customer pays for.
func textsOfVictim(b *besieged) int { return b.texts("victim.example") }

// asksForText is what a phone system asks for a caller.
func asksForText(id, number, call string, more url.Values) string {
	q := url.Values{"id": {id}, "NmsAni": {number}, "NmsDnis": {"12125551212"}, "OrigCallID": {call}, "AccountUser": {"8001"}, "AccountDomain": {"victim.example"}, "Digits": {""}}
	maps.Copy(q, more)
	return "/webresponder?" + q.Encode()
}

func keylessTexts(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.send(http.MethodGet, asksForText("keyless", fmt.Sprint("+", firstNumber+i), fmt.Sprint("keyless-", i), nil), stranger1, "", "")
	})
}

func dearTexts(b *bandit) {
	numbers := []string{"+22177%07d", "+88164%07d", "+87077%07d", "+4470%08d", "+1900555%04d", "+12125551212", "+1212976%04d"}
	b.many(attackers, b.order.Size, func(i int) {
		number := numbers[i%len(numbers)]
		if strings.Contains(number, "%") {
			number = fmt.Sprintf(number, 1000+i)
		}
		b.send(http.MethodGet, asksForText("keyless", number, fmt.Sprint("dear-", i), nil), stranger1, "", "")
	})
}

// callsOfOne is a telephone that calls again and again.
func callsOfOne(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.send(http.MethodGet, asksForText("keyed", "+12122345678", fmt.Sprint("again-", i), url.Values{"key": {honestKey}}), stranger1, "", "")
	})
}

// consentUnasked sends the consent key of callers who were never asked for it.
func consentUnasked(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.send(http.MethodGet, asksForText("asking", fmt.Sprint("+", firstNumber+i), fmt.Sprint("unasked-", i),
			url.Values{"key": {honestKey}, "step": {"consent"}, "Digits": {"1"}}), stranger1, "", "")
	})
}

// eventsURL is what anyone knows who may read the subscriptions of the attacked
// customer's domain.
func eventsURL(b *besieged) map[string]string {
	for _, s := range b.system.Subscriptions() {
		if text, _ := json.Marshal(s); strings.Contains(string(text), "victim.example") {
			post, _ := s["post-url"].(string)
			return map[string]string{"events": strings.TrimPrefix(post, attackedAt)}
		}
	}
	b.t.Error("there is no subscription to the texts of victim.example")
	return nil
}

func stopsOfOthers(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.send(http.MethodPost, b.order.Given["events"], stranger1, "application/json", fmt.Sprintf(
			`[{"id":"other-%d","type":"sms","domain":"honest1.example","direction":"orig","from-number":"%d","dialed":"12125550102","text":"STOP"}]`, i, firstNumber+i))
	})
}

func oneMinute(b *bandit) {
	at := time.Now().Add(30 * time.Hour).Format(time.RFC3339)
	b.many(attackers, b.order.Size, func(i int) {
		b.press(fmt.Sprintf("%d.%d.3.7", 100+i%20, i/20), fields{"phone": fmt.Sprint(firstNumber + i), "at": at})
	})
}

func oneBlock(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.press(fmt.Sprintf("2001:db8:66:%x::1", i*163), fields{"phone": fmt.Sprint(firstNumber + 5000 + i)})
	})
}

// blockTokens checks how much work everybody else must do afterwards.
func blockTokens(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.asJSON("/click-to-call/token", fmt.Sprintf("2001:db8:66:%x::1", i*16), fields{"id": "pressed"})
	})
	own := b.asJSON("/click-to-call/token", "2001:db8:66:ffff::1", fields{"id": "pressed"})
	other := b.asJSON("/click-to-call/token", "2001:db8:77::1", fields{"id": "pressed"})
	b.note = fmt.Sprintf("%d bits for it, %d for others", own.Bits, other.Bits)
}

func neverCodes(b *bandit) {
	b.many(attackers, b.order.Size, func(i int) {
		b.send(http.MethodPost, "/click-to-call/never", fmt.Sprintf("%d.%d.4.7", 100+i%20, i/20), isForm, fmt.Sprint("by=text&number=", firstNumber+i))
	})
}

// codeGuesses has a stranger called and sent a code, and guesses at the code
// from that many networks.
func codeGuesses(b *bandit) {
	const never, victim = "/click-to-call/never", firstNumber + 8000
	b.press("203.0.113.98", fields{"phone": fmt.Sprint(victim)})
	b.send(http.MethodPost, never, "203.0.113.98", isForm, fmt.Sprint("by=text&number=", victim))
	b.many(attackers, b.order.Size, func(i int) {
		b.send(http.MethodPost, never, fmt.Sprintf("%d.%d.5.7", 100+i%20, i/20), isForm, fmt.Sprintf("number=%d&code=%08d", victim, i))
	})
}

// guesser is an attacker who has never shown a right secret.
const guesser = "198.51.100.66"

// guessesCompared is how many guesses have taught an attacker that they are wrong.
func guessesCompared(b *besieged) (n int) {
	for _, wrong := range metricsOf(b.t, b.address, b.database.Folder, "switchhook_wrong_secrets_total") {
		n += wrong
	}
	return n
}

// guesses has three doors.
func guesses(b *bandit, from func(i int) string) {
	b.many(b.order.Size, 0, func(i int) {
		guess := fmt.Sprintf("guess-number-%08d", i)
		switch i % 3 {
		case 0:
			b.send(http.MethodGet, "/voys-webhook?secret_key="+guess, from(i), "", "")
		case 1:
			b.send(http.MethodPost, "/update-sms", from(i), isForm, "id=keyed&secret="+guess)
		case 2:
			b.send(http.MethodGet, asksForText("keyed", "+12122345678", "guess", url.Values{"key": {guess}}), from(i), "", "")
		}
	})
}

// followers press once, and follow that call by that many streams.
func followers(b *bandit) {
	g := b.press("203.0.113.99", fields{"phone": fmt.Sprint(firstNumber + 9000)})
	if g.RequestID == "" {
		b.note = fmt.Sprintf("the press is answered %+v", g)
	}
	var opened atomic.Int64
	b.many(b.order.Size, b.order.Size, func(int) {
		r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, "http://"+b.order.Address+"/click-to-call/calls/"+g.RequestID, http.NoBody)
		if err != nil {
			panic(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		b.tried.Add(1)
		response, err := b.client.Do(r)
		if opened.Add(1) == int64(b.order.Size) {
			b.ready()
		}
		if err != nil {
			b.answers.add("cut off")
			return
		}
		defer response.Body.Close()
		n, _ := response.Body.Read(make([]byte, 1<<10))
		for err == nil {
			b.bytes.Add(int64(n))
			n, err = response.Body.Read(make([]byte, 1<<10))
		}
		b.answers.add(fmt.Sprint(response.StatusCode))
	})
}
