package provision

import (
	"context"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

const smsForUser = "user" // an SMS number's application where its dest is a user

// Owner returns the user that a number for texts belongs to. The error is a
// *fault.Error: NotFound if the domain has no such number, Refused if it belongs
// to no user.
func (p *Provisioner) Owner(ctx context.Context, domain, number string) (string, error) {
	wanted := phone.Read(number, phone.HomeIn())
	for n, err := range p.API.SMSNumbers(ctx, domain) {
		if err != nil {
			return "", err
		}
		if !phone.Read(n.Number, phone.HomeIn()).Same(wanted) {
			continue
		}
		if n.Dest == "" || n.Application != smsForUser {
			return "", fault.Newf(fault.Refused, "the number %s sends texts for no user", phone.Mask(number))
		}
		return user(n.Dest), nil
	}
	return "", fault.Newf(fault.NotFound, "%s has no number %s for texts", domain, phone.Mask(number))
}

// user returns the extension of a destination such as 2000@example.net.
func user(dest string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(dest, "sip:"), "@")
	return name
}
