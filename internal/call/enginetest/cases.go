package enginetest

// A menu asks for one key, for five seconds, and then says what it got.
const (
	oneKey = `<Gather numDigits="1" timeout="5" action="/next"><Play>4s.wav</Play></Gather>`
	end    = `<Play>1s.wav</Play><Hangup/>`
)

// testCase is a call and what becomes of it. Times are those of the Line's clock, in
// seconds.
type testCase struct {
	name      string
	documents Documents
	acts      string
	want      string
}

// cases are the calls without media streams.
var cases = []testCase{
	// Prompts.
	{"prompts follow each other without a gap", Documents{"/": `<Play>2s.wav</Play><Play>1.5s.wav</Play>`}, "", `0 asks /
0 plays 2s.wav (2 s)
2 plays 1.5s.wav (1.5 s)
3.5 hangs up (end)`},
	{"a short prompt", Documents{"/": `<Play>20ms.wav</Play><Play>1s.wav</Play>`}, "", `0 asks /
0 plays 20ms.wav (0.02 s)
0.02 plays 1s.wav (1 s)
1.02 hangs up (end)`},
	{"Hangup ends it", Documents{"/": `<Play>1s.wav</Play><Hangup/>`}, "", `0 asks /
0 plays 1s.wav (1 s)
1 hangs up (responder)`},
	{"a key outside of a Gather does nothing", Documents{"/": `<Play>3s.wav</Play>`}, "1 press 1", `0 asks /
0 plays 3s.wav (3 s)
3 hangs up (end)`},

	// Barge-in: in, between and at the edge of prompts.
	{"a key stops a prompt", Documents{"/": oneKey, "/next": end}, "1.5 press 1", `0 asks /
0 plays 4s.wav (1.5 s), cut short by the caller
1.5 > presses 1
1.5 asks /next
1.5 plays 1s.wav (1 s)
2.5 hangs up (responder)`},
	{"a key stops the second prompt", Documents{
		"/": `<Gather numDigits="1" action="/next"><Play>2s.wav</Play><Play>3s.wav</Play></Gather>`, "/next": end}, "3 press 5", `0 asks /
0 plays 2s.wav (2 s)
2 plays 3s.wav (1 s), cut short by the caller
3 > presses 5
3 asks /next
3 plays 1s.wav (1 s)
4 hangs up (responder)`},
	{"a key stops the prompts after it", Documents{
		"/": `<Gather numDigits="1" action="/next"><Play>2s.wav</Play><Play>3s.wav</Play></Gather>`, "/next": end}, "0.5 press 5", `0 asks /
0 plays 2s.wav (0.5 s), cut short by the caller
0.5 > presses 5
0.5 asks /next
0.5 plays 1s.wav (1 s)
1.5 hangs up (responder)`},
	{"the first of several keys stops the prompt", Documents{"/": `<Gather numDigits="3" action="/next"><Play>4s.wav</Play></Gather>`, "/next": end},
		"1 press 1, 1.3 press 2, 1.6 press 3", `0 asks /
0 plays 4s.wav (1 s), cut short by the caller
1.6 > presses 123
1.6 asks /next
1.6 plays 1s.wav (1 s)
2.6 hangs up (responder)`},
	{"a key that is not listened for stops nothing", Documents{"/": `<Gather input="speech" timeout="2" action="/next"><Play>3s.wav</Play></Gather>`, "/next": end},
		"1 press 1", `0 asks /
0 plays 3s.wav (3 s)
5 > enters nothing
5 asks /next
5 plays 1s.wav (1 s)
6 hangs up (responder)`},
	{"a key before the Gather is not its answer", Documents{"/": `<Play>2s.wav</Play>` + oneKey, "/next": end}, "1 press 1, 3 press 2", `0 asks /
0 plays 2s.wav (2 s)
2 plays 4s.wav (1 s), cut short by the caller
3 > presses 2
3 asks /next
3 plays 1s.wav (1 s)
4 hangs up (responder)`},
	{"a key after a Gather is not the answer of the next", Documents{"/": `<Gather numDigits="1" action="/next"/>`, "/next": `<Play>2s.wav</Play><Gather numDigits="1" timeout="3" action="/last"/>`, "/last": end},
		"1 press 1, 2 press 2", `0 asks /
1 > presses 1
1 asks /next
1 plays 2s.wav (2 s)
6 > enters nothing
6 asks /last
6 plays 1s.wav (1 s)
7 hangs up (responder)`},

	// How a Gather ends.
	{"numDigits", Documents{"/": `<Gather numDigits="2" action="/next"/>`, "/next": end}, "1 press 1, 2 press 2, 2.2 press 3", `0 asks /
2 > presses 12
2 asks /next
2 plays 1s.wav (1 s)
3 hangs up (responder)`},
	{"finishOnKey", Documents{"/": `<Gather action="/next"/>`, "/next": end}, "1 press 1, 2 press #", `0 asks /
2 > presses 1, then the finish key
2 asks /next
2 plays 1s.wav (1 s)
3 hangs up (responder)`},
	{"finishOnKey alone", Documents{"/": `<Gather action="/next"/>`, "/next": end}, "1 press #", `0 asks /
1 > presses the finish key
1 asks /next
1 plays 1s.wav (1 s)
2 hangs up (responder)`},
	{"another finishOnKey", Documents{"/": `<Gather finishOnKey="*" action="/next"/>`, "/next": end}, "1 press #, 2 press *", `0 asks /
2 > presses #, then the finish key
2 asks /next
2 plays 1s.wav (1 s)
3 hangs up (responder)`},
	{"timeout", Documents{"/": `<Gather timeout="3" action="/next"/>`, "/next": end}, "", `0 asks /
3 > enters nothing
3 asks /next
3 plays 1s.wav (1 s)
4 hangs up (responder)`},
	{"timeout counts from the end of the prompts", Documents{"/": `<Gather timeout="3" action="/next"><Play>2s.wav</Play></Gather>`, "/next": end}, "", `0 asks /
0 plays 2s.wav (2 s)
5 > enters nothing
5 asks /next
5 plays 1s.wav (1 s)
6 hangs up (responder)`},
	{"no timeout", Documents{"/": `<Gather timeout="0" action="/next"><Play>2s.wav</Play></Gather>`, "/next": end}, "3 press 1", `0 asks /
0 plays 2s.wav (2 s)
2 > enters nothing
2 asks /next
2 plays 1s.wav (1 s)
3 hangs up (responder)`},
	{"digitEndTimeout", Documents{"/": `<Gather digitEndTimeout="2" timeout="9" action="/next"/>`, "/next": end}, "1 press 1, 2 press 2", `0 asks /
4 > presses 12, then no more
4 asks /next
4 plays 1s.wav (1 s)
5 hangs up (responder)`},
	{"executionTimeout", Documents{"/": `<Gather digitEndTimeout="2" executionTimeout="3" action="/next"/>`, "/next": end}, "1 press 1, 2.5 press 2", `0 asks /
3 > presses 12, until the time was up
3 asks /next
3 plays 1s.wav (1 s)
4 hangs up (responder)`},
	{"a Gather without an action", Documents{"/": `<Gather numDigits="1"><Play>2s.wav</Play></Gather><Play>1s.wav</Play>`}, "1 press 1", `0 asks /
0 plays 2s.wav (1 s), cut short by the caller
1 > presses 1
1 plays 1s.wav (1 s)
2 hangs up (end)`},
	{"a Gather of nothing but a prompt", Documents{"/": `<Gather timeout="2" action="/next"><Play>1s.wav</Play><Play>1s.wav</Play></Gather>`, "/next": end}, "", `0 asks /
0 plays 1s.wav (1 s)
1 plays 1s.wav (1 s)
4 > enters nothing
4 asks /next
4 plays 1s.wav (1 s)
5 hangs up (responder)`},

	// Speech. "yes please" takes 0.71 s, and a second of silence ends it.
	{"speech", Documents{"/": `<Gather input="speech" timeout="3" action="/next"/>`, "/next": end}, "1 say yes please", `0 asks /
2.71 > says "yes please"
2.71 asks /next
2.71 plays 1s.wav (1 s)
3.71 hangs up (responder)`},
	{"speech stops a prompt", Documents{"/": `<Gather input="speech" action="/next"><Play>4s.wav</Play><Play>2s.wav</Play></Gather>`, "/next": end}, "1 say yes please", `0 asks /
0 plays 4s.wav (1 s), cut short by the caller
2.71 > says "yes please"
2.71 asks /next
2.71 plays 1s.wav (1 s)
3.71 hangs up (responder)`},
	{"speech that is not listened for stops nothing", Documents{"/": oneKey, "/next": end}, "1 say yes please", `0 asks /
0 plays 4s.wav (4 s)
9 > enters nothing
9 asks /next
9 plays 1s.wav (1 s)
10 hangs up (responder)`},
	{"speech suspends the timeout", Documents{"/": `<Gather input="speech" timeout="2" speechTimeout="3" action="/next"/>`, "/next": end}, "1 say yes please", `0 asks /
4.71 > says "yes please"
4.71 asks /next
4.71 plays 1s.wav (1 s)
5.71 hangs up (responder)`},
	{"keys where either will do", Documents{"/": `<Gather input="dtmf speech" numDigits="1" action="/next"><Play>2s.wav</Play></Gather>`, "/next": end}, "1 press 4", `0 asks /
0 plays 2s.wav (1 s), cut short by the caller
1 > presses 4
1 asks /next
1 plays 1s.wav (1 s)
2 hangs up (responder)`},
	{"speech where either will do", Documents{"/": `<Gather input="dtmf speech" numDigits="1" action="/next"><Play>2s.wav</Play></Gather>`, "/next": end}, "3 say yes please", `0 asks /
0 plays 2s.wav (2 s)
4.71 > says "yes please"
4.71 asks /next
4.71 plays 1s.wav (1 s)
5.71 hangs up (responder)`},
	{"speech after a key is background", Documents{"/": `<Gather input="dtmf speech" timeout="4" action="/next"/>`, "/next": end}, "1 press 4, 2 say yes please", `0 asks /
5 > presses 4, then no more
5 asks /next
5 plays 1s.wav (1 s)
6 hangs up (responder)`},
	{"a hang-up while the caller speaks", Documents{"/": `<Gather input="speech" action="/next"/>`}, "1 say yes please, 2 hangup", `0 asks /
2 > enters nothing and hangs up
2 hangs up (caller)`},

	// Hang-up in every method.
	{"a hang-up in a prompt", Documents{"/": `<Play>3s.wav</Play>`}, "1.25 hangup", `0 asks /
0 plays 3s.wav (1.25 s)
1.25 hangs up (caller)`},
	{"a hang-up in a Gather's prompt", Documents{"/": oneKey}, "1 hangup", `0 asks /
0 plays 4s.wav (1 s)
1 > enters nothing and hangs up
1 hangs up (caller)`},
	{"a hang-up in a Gather", Documents{"/": `<Gather action="/next"/>`}, "1 press 4, 2 press 2, 2.5 hangup", `0 asks /
2.5 > presses 42, then hangs up
2.5 hangs up (caller)`},
	{"a hang-up in an Echo", Documents{"/": `<Echo/>`}, "7.5 hangup", `0 asks /
0 echoes for 7.5 s
7.5 hangs up (caller)`},
	{"a hang-up in a Record", Documents{"/": `<Record timeout="60" action="/next"/>`, "/next": end}, "4 hangup", `0 asks /
0 > records 4 s
4 asks /next
4 hangs up (caller)`},
	{"a hang-up in the second document", Documents{"/": `<Gather numDigits="1" action="/next"/>`, "/next": `<Play>9s.wav</Play>`}, "1 press 1, 3 hangup", `0 asks /
1 > presses 1
1 asks /next
1 plays 9s.wav (2 s)
3 hangs up (caller)`},

	// Echo, Record, Forward.
	{"an Echo", Documents{"/": `<Echo timeout="30"/><Play>1s.wav</Play>`}, "", `0 asks /
0 echoes for 30 s
30 plays 1s.wav (1 s)
31 hangs up (end)`},
	{"a key during an Echo does nothing", Documents{"/": `<Echo timeout="3"/><Gather timeout="2" action="/next"/>`, "/next": end}, "1 press 1", `0 asks /
0 echoes for 3 s
5 > enters nothing
5 asks /next
5 plays 1s.wav (1 s)
6 hangs up (responder)`},
	// A recording is served at a socket, which stops the time of a synctest bubble:
	// nothing that lasts comes after it.
	{"a Record that a key ends", Documents{"/": `<Record timeout="60" finishOnKey="9" action="/next"/>`, "/next": `<Hangup/>`}, "1 press 1, 3 press 9", `0 asks /
0 > records 3 s
3 asks /next
3 hangs up (responder)`},
	{"a Record that silence ends", Documents{"/": `<Record timeout="4" action="/next"/>`, "/next": `<Hangup/>`}, "", `0 asks /
0 > records 4 s
4 asks /next
4 hangs up (responder)`},
	{"a Record that is full", Documents{"/": `<Play>1s.wav</Play><Record maxLength="2" timeout="60" action="/next"/>`, "/next": `<Hangup/>`}, "", `0 asks /
0 plays 1s.wav (1 s)
1 > records 2 s
3 asks /next
3 hangs up (responder)`},
	{"a Record without an action", Documents{"/": `<Record maxLength="2" timeout="60"/><Hangup/>`}, "", `0 asks /
0 > records 2 s
2 hangs up (responder)`},
	{"a Forward", Documents{"/": `<Play>1s.wav</Play><Forward>2125551212</Forward><Play>1s.wav</Play>`}, "", `0 asks /
0 plays 1s.wav (1 s)
1 forwards to 2125551212`},
	{"a Forward as the first verb", Documents{"/": `<Forward>2125551212</Forward>`}, "", `0 asks /
0 forwards to 2125551212`},

	// Taken away, or ended by the line's owner, in every method.
	{"taken away in a prompt", Documents{"/": `<Play>3s.wav</Play>`}, "1 redirect 2002", `0 asks /
0 plays 3s.wav (1 s)
1 forwards to 2002`},
	{"taken away in a Gather", Documents{"/": `<Gather action="/next"/>`}, "1 press 1, 2 redirect 2002", `0 asks /
2 forwards to 2002`},
	{"taken away in an Echo", Documents{"/": `<Echo/>`}, "2.5 redirect 2002", `0 asks /
0 echoes for 2.5 s
2.5 forwards to 2002`},
	{"taken away in a Record", Documents{"/": `<Record timeout="60"/>`}, "2 redirect 2002", `0 asks /
0 > records 2 s
2 forwards to 2002`},
	{"ended in a prompt", Documents{"/": `<Play>3s.wav</Play>`}, "1 cancel", `0 asks /
0 plays 3s.wav (1 s)
1 hangs up (engine)`},
	{"ended in a Gather", Documents{"/": `<Gather action="/next"/>`}, "1.5 cancel", `0 asks /
1.5 hangs up (engine)`},
	{"ended in an Echo", Documents{"/": `<Echo/>`}, "2 cancel", `0 asks /
0 echoes for 2 s
2 hangs up (engine)`},
}
