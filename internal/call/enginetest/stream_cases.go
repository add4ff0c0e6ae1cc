package enginetest

// A call that a program talks on, and what comes then.
const (
	connected = `<Connect action="/next"><Stream url="/stream"/></Connect>`
	forked    = `<Start><Stream url="/stream" track="both"/></Start>`
)

// streamCases are the calls that media streams are joined to.
var streamCases = []testCase{
	{"a mark comes back when its sound was heard", Documents{
		"/": connected, "/next": end,
		"/stream": "say 1s, mark first, say 9s, mark last, await mark first, clear, stop",
	}, "", `0 asks /
0 media stream (connect) /stream
1 stream ended by the program: 1 s heard, marks first last, clears 1
1 asks /next
1 plays 1s.wav (1 s)
2 hangs up (responder)`},
	{"what was sent is heard before a stop", Documents{"/": connected, "/next": end, "/stream": "say 1.5s, mark last, stop"}, "", `0 asks /
0 media stream (connect) /stream
1.5 stream ended by the program: 1.5 s heard, marks last
1.5 asks /next
1.5 plays 1s.wav (1 s)
2.5 hangs up (responder)`},
	{"clear", Documents{
		"/": connected, "/next": end,
		"/stream": "say 9s, mark cleared, hear inbound 1s, clear, await mark cleared, say 500ms, stop",
	}, "", `0 asks /
0 media stream (connect) /stream
1.5 stream ended by the program: 1.5 s heard, marks cleared, clears 1
1.5 asks /next
1.5 plays 1s.wav (1 s)
2.5 hangs up (responder)`},
	{"a program that says nothing", Documents{"/": connected, "/next": end, "/stream": "hear inbound 1s, stop"}, "", `0 asks /
0 media stream (connect) /stream
1 stream ended by the program: 0 s heard
1 asks /next
1 plays 1s.wav (1 s)
2 hangs up (responder)`},
	{"a key for a program", Documents{"/": connected, "/next": end, "/stream": "say 9s, await key 7, clear, stop"}, "0.5 press 4, 1 press 7", `0 asks /
0 media stream (connect) /stream
1 stream ended by the program: 1 s heard, presses 47, clears 1
1 asks /next
1 plays 1s.wav (1 s)
2 hangs up (responder)`},
	{"a program without an action", Documents{"/": `<Connect><Stream url="/stream"/></Connect><Play>1s.wav</Play>`, "/stream": "say 1s, stop"}, "", `0 asks /
0 media stream (connect) /stream
1 stream ended by the program: 1 s heard
1 plays 1s.wav (1 s)
2 hangs up (end)`},
	{"a hang-up in a stream", Documents{"/": connected, "/stream": "say 9s, mark never"}, "1 hangup", `0 asks /
0 media stream (connect) /stream
1 stream ended by the caller: 1 s heard
1 hangs up (caller)`},
	{"taken away in a stream", Documents{"/": connected, "/stream": "say 9s"}, "1 redirect 2002", `0 asks /
0 media stream (connect) /stream
1 stream ended by the call: 1 s heard
1 forwards to 2002`},
	{"ended in a stream", Documents{"/": connected, "/stream": "say 9s"}, "1 cancel", `0 asks /
0 media stream (connect) /stream
1 stream ended by the call: 1 s heard
1 hangs up (engine)`},

	// Beside other verbs.
	{"a stream of both tracks beside prompts", Documents{"/": forked + `<Play>1s.wav</Play><Hangup/>`, "/stream": ""}, "", `0 asks /
0 media stream (start) /stream
0 plays 1s.wav (1 s)
1 stream ended by the call: 0 s heard
1 hangs up (responder)`},
	{"a key is a Gather's and a stream's", Documents{"/": forked + `<Gather numDigits="1" action="/next"/>`, "/next": end, "/stream": ""}, "1 press 4", `0 asks /
0 media stream (start) /stream
1 > presses 4
1 asks /next
1 plays 1s.wav (1 s)
2 stream ended by the call: 0 s heard, presses 4
2 hangs up (responder)`},
	{"a hang-up beside a stream", Documents{"/": forked + `<Play>3s.wav</Play>`, "/stream": ""}, "1 hangup", `0 asks /
0 media stream (start) /stream
0 plays 3s.wav (1 s)
1 stream ended by the caller: 0 s heard
1 hangs up (caller)`},
	{"taken away beside a stream", Documents{"/": forked + `<Play>3s.wav</Play>`, "/stream": ""}, "1 redirect 2002", `0 asks /
0 media stream (start) /stream
0 plays 3s.wav (1 s)
1 stream ended by the call: 0 s heard
1 forwards to 2002`},
	{"a call stays up for its last stream", Documents{"/": forked, "/stream": "hear inbound 1s, hear outbound 1s, stop"}, "", `0 asks /
0 media stream (start) /stream
1 stream ended by the program: 0 s heard
1 hangs up (end)`},
}
