package engine

// The codes of what goes wrong while a call runs, after those of documents
// (package responder). They are stable; docs/problems.md has a paragraph on
// each.
const (
	CodeUnreachable = "SH301" // the responder cannot be reached
	CodeTimeout     = "SH302" // the responder does not answer in time
	CodeStatus      = "SH303" // the responder's status is not a success
	CodeTooLarge    = "SH304" // the answer is too large
	CodeGuarded     = "SH305" // the address is not allowed
	CodeRedirects   = "SH306" // redirects lead nowhere
	CodeAddress     = "SH307" // an action or destination is not a usable URL
	CodeRetry       = "SH308" // the responder is asked again
	CodeFallback    = "SH309" // the fallback is asked instead
	CodeBreaker     = "SH310" // the responder failed too often and is not asked
	CodeLoop        = "SH311" // too many documents in one call
	CodePrompt      = "SH320" // a file cannot be played
	CodeSpeech      = "SH321" // a text cannot be spoken
	CodeLine        = "SH322" // the line cannot do what a verb asks
	CodeRecogniser  = "SH323" // what a caller says is no longer understood
	CodeStream      = "SH330" // a media stream cannot be had or broke
	CodeStreamFrame = "SH331" // a media stream sent something that is not of its protocol
	CodePlainStream = "SH332" // a media stream is not encrypted
	CodeSlowStream  = "SH333" // a media stream's program is too slow for the sound
	CodeTrace       = "SH340" // events of a call are not in its stored trace
)
