package core

import "github.com/switchhook/switchhook/internal/setting"

// Settings say what the phone side is.
type Settings struct {
	Domain setting.Domain `key:"domain" example:"example.net" need:"core" doc:"The domain that the Core is born with."`

	CallingCode setting.CallingCode `key:"calling_code" default:"1" doc:"The calling code of the country, for numbers that are called without one."`
}
