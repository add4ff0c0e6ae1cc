package core

import (
	"time"

	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say what the phone side is.
type Settings struct {
	Domain setting.Domain `key:"domain" example:"example.net" need:"core" doc:"The domain that the Core is born with."`

	CallingCode setting.CallingCode `key:"calling_code" default:"1" doc:"The calling code of the country, for numbers that are called without one."`

	Drain time.Duration `key:"drain" default:"30s" min:"0s" max:"2h" doc:"How long calls in hand may go on once the server is told to stop. New ones are refused meanwhile, and web requests are answered as before. Then the rest is hung up; a second signal to stop does that at once. Read again at a reload."`
}
