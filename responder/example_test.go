package responder_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/switchhook/switchhook/responder"
)

// A responder is an http.Handler: give it to http.ListenAndServe, and its
// address to the phone system.
func Example() {
	hello := responder.Handle(func(_ context.Context, req *responder.Request) (responder.Document, error) {
		return responder.Respond(
			responder.Say{Text: "Hello, " + req.Caller + "."},
			responder.Hangup{},
		), nil
	})

	// What a phone system does when extension 1001 calls.
	answer := httptest.NewRecorder()
	hello.ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?NmsAni=1001&NmsDnis=2125551212", http.NoBody))
	fmt.Println(answer.Body)
	// Output:
	// <Response><Say>Hello, 1001.</Say><Hangup/></Response>
}

// A menu asks, and its action, relative to its own address, is asked with the
// key. Control goes there also when nothing was heard: Digits is empty then.
func Example_menu() {
	menu := func(greeting string) responder.Document {
		return responder.Bare(responder.Gather{
			Prompts:   []responder.Prompt{responder.Say{Text: greeting + "For sales, press 1. For support, press 2."}},
			NumDigits: 1,
			Action:    "chosen",
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/shop/", responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		return menu("Welcome. "), nil
	}))
	mux.Handle("/shop/chosen", responder.Handle(func(_ context.Context, req *responder.Request) (responder.Document, error) {
		switch req.Digits {
		case "1":
			return responder.Bare(responder.Forward{To: "2001"}), nil
		case "2":
			return responder.Bare(responder.Forward{To: "2002"}), nil
		case "":
			return menu("Are you there? "), nil
		}
		return menu("There is no " + req.Digits + ". "), nil
	}))

	for _, address := range []string{"/shop/", "/shop/chosen?Digits=", "/shop/chosen?Digits=2"} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody))
		fmt.Println(answer.Body)
	}
	// Output:
	// <Gather numDigits="1" action="chosen"><Say>Welcome. For sales, press 1. For support, press 2.</Say></Gather>
	// <Gather numDigits="1" action="chosen"><Say>Are you there? For sales, press 1. For support, press 2.</Say></Gather>
	// <Forward>2002</Forward>
}

// A call of several steps keeps what it knows in Sessions. The phone system
// brings the session's cookie back during the call, and drops it with the call.
func ExampleSessions() {
	type sum struct{ numbers []int }
	var calls responder.Sessions[sum]
	adder := responder.Handle(calls.Func(func(_ context.Context, req *responder.Request, state *sum) (responder.Document, error) {
		if n, err := strconv.Atoi(req.Digits); err == nil {
			state.numbers = append(state.numbers, n)
		}
		if len(state.numbers) < 2 {
			return responder.Bare(responder.Gather{
				Prompts: []responder.Prompt{responder.Say{Text: fmt.Sprintf("Enter number %d.", len(state.numbers)+1)}},
				Action:  "/",
			}), nil
		}
		return responder.Bare(responder.Say{Text: fmt.Sprintf("The sum is %d.", state.numbers[0]+state.numbers[1])}), nil
	}))

	var cookies []*http.Cookie
	for _, digits := range []string{"", "3", "4"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?Digits="+digits, http.NoBody)
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		answer := httptest.NewRecorder()
		adder.ServeHTTP(answer, r)
		cookies = append(cookies, answer.Result().Cookies()...)
		fmt.Println(answer.Body)
	}
	// Output:
	// <Gather action="/"><Say>Enter number 1.</Say></Gather>
	// <Gather action="/"><Say>Enter number 2.</Say></Gather>
	// <Say>The sum is 7.</Say>
}

// With Secrets a Handler answers only who knows one of them: the HttpSecret of
// the dial rule that leads to the responder.
func ExampleHandler_secrets() {
	hello := responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Bare(responder.Say{Text: "Hello."}), nil
	})
	hello.Secrets = []string{"correct horse battery staple"}

	stranger := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?NmsAni=1001", http.NoBody)
	friend := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?NmsAni=1001", http.NoBody)
	responder.Sign(friend, nil, "msg_1", time.Now(), "correct horse battery staple")
	for _, r := range []*http.Request{stranger, friend} {
		answer := httptest.NewRecorder()
		hello.ServeHTTP(answer, r)
		fmt.Println(answer.Code, string(bytes.TrimSpace(answer.Body.Bytes())))
	}
	// Output:
	// 401 the request is not signed
	// 200 <Say>Hello.</Say>
}

// Parse reads what responders in the field send, and says what was odd.
func ExampleParse() {
	parsed, err := responder.Parse([]byte(`
<response>
  <Say voice="female">Salt & pepper</Say>
  <Dial>2125551212</Dial>
</response>`))
	if err != nil {
		log.Fatal(err) // a *responder.SyntaxError: nothing can be made of it
	}
	for i, verb := range parsed.Document.Verbs {
		fmt.Printf("line %d: %+v\n", parsed.VerbPosition(i).Line, verb)
	}
	for _, problem := range parsed.Problems {
		fmt.Println(problem)
	}
	// Output:
	// line 3: {Text:Salt & pepper Voice:female Language: Action:}
	// 2:1: warning: <response> is spelled <Response> (it is read all the same; other phone systems may skip it; SH203)
	// 3:28: warning: an & that begins no entity; write &amp; (it is read as &amp;; SH108)
	// 4:3: error: there is no verb <Dial>; write Forward (it is skipped with all that is in it; SH201)
}

// Encode escapes what is in a document, and refuses one that could not work.
func ExampleEncode() {
	xml, err := responder.Encode(responder.Respond(
		responder.Say{Text: `You said: <Hangup/> & "more"`},
		responder.Gather{Timeout: 1500 * time.Millisecond, FinishOnKey: responder.NoFinishKey, Action: "next?step=2&lang=en"},
	))
	fmt.Println(string(xml), err)

	_, err = responder.Encode(responder.Respond(responder.Say{Text: "One moment."}, responder.Forward{}))
	fmt.Println(err)
	// Output:
	// <Response><Say>You said: &lt;Hangup/&gt; &amp; "more"</Say><Gather timeout="1.5" finishOnKey="" action="next?step=2&amp;lang=en"/></Response> <nil>
	// invalid document: verb 2 (Forward): this Forward names no destination
}

// What a Gather's action gets.
func ExampleRequest_Heard() {
	heard := responder.Handle(func(_ context.Context, req *responder.Request) (responder.Document, error) {
		if req.Heard() == "" {
			return responder.Bare(responder.Say{Text: "We did not hear you."}), nil
		}
		return responder.Bare(responder.Say{Text: "We heard " + req.Heard() + "."}), nil
	})
	for _, query := range []string{"Digits=12", "Digits=&SpeechResult=twelve", "Digits="} {
		answer := httptest.NewRecorder()
		heard.ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?"+query, http.NoBody))
		fmt.Println(answer.Body)
	}
	// Output:
	// <Say>We heard 12.</Say>
	// <Say>We heard twelve.</Say>
	// <Say>We did not hear you.</Say>
}
