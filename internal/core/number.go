package core

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// maxDigits is how long a number can be (ITU-T E.164).
const maxDigits = 15

// Digits returns a number as a phone system keeps it, without its plus.
func Digits(number string) (string, error) {
	digits := strings.TrimPrefix(number, "+")
	if digits == "" || len(digits) > maxDigits || strings.Trim(digits, "0123456789") != "" {
		return "", fault.Newf(fault.Invalid, "%q is not a telephone number", number).WithHint("a number has up to %d digits and nothing else, such as 12125550100", maxDigits)
	}
	return digits, nil
}

// ownDigits is Digits for a number that the API is to make or change.
func (c *Core) ownDigits(number string) (string, error) {
	digits, err := Digits(number)
	if err != nil {
		return "", err
	}
	return digits, c.refuseIfLed(digits)
}

// CreatePhoneNumber adds a number that can be called. The field phonenumber is
// its digits.
func (c *Core) CreatePhoneNumber(ctx context.Context, domain string, fields Fields) (Object, error) {
	digits, err := c.ownDigits(fields.Text("phonenumber"))
	if err != nil {
		return Object{}, err
	}
	of, err := c.domain(ctx, domain)
	if err != nil {
		return Object{}, err
	}
	fields = fields.Clone()
	fields.set("phonenumber", digits)
	fields.set("domain", nameIn(of, "domain"))
	fields.setDefault("enabled", "yes")
	fields.setDefault("dial-rule-application", "to-user")
	fields.setDefault("dial-rule-parameter", "")
	fields.setDefault("dial-rule-translation-destination-host", dialplan.Keep)
	fields.setDefault("dial-rule-translation-source-name", dialplan.Keep)
	fields.setDefault("dial-rule-description", "")
	made := create(Key{Kind: PhoneNumber, Domain: domain, ID: digits}, fields)
	return made.Object, c.apply(ctx, made)
}

// UpdatePhoneNumber changes what is done with a number's calls.
func (c *Core) UpdatePhoneNumber(ctx context.Context, domain, number string, fields Fields) error {
	digits, err := c.ownDigits(number)
	if err != nil {
		return err
	}
	fields = fields.Without("phonenumber", "domain")
	return c.update(ctx, Key{Kind: PhoneNumber, Domain: domain, ID: digits}, func(old Fields) (Fields, error) {
		return old.With(fields), nil
	})
}

// hasNumber reports whether a number is one that can be called in a domain.
func (c *Core) hasNumber(ctx context.Context, domain string, n phone.Number) (bool, error) {
	if led := c.led.Load(); led.find(n.Digits()) != nil && sameName(led.domain, domain) {
		return true, nil
	}
	for _, id := range c.waysToStore(n) {
		_, err := c.state.Object(ctx, Key{Kind: PhoneNumber, Domain: domain, ID: id}.lower())
		if err == nil || !errors.Is(err, ErrNotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// waysToStore returns the ids under which a number may be stored: some are without
// their country's code.
func (c *Core) waysToStore(n phone.Number) [3]string {
	national := strings.TrimPrefix(n.Digits(), cmp.Or(c.config.CountryCode, dialplan.DefaultCountryCode))
	return [...]string{n.Digits(), n.Key(), national}
}

// DeletePhoneNumber removes a number.
func (c *Core) DeletePhoneNumber(ctx context.Context, domain, number string) error {
	digits, err := c.ownDigits(number)
	if err != nil {
		return err
	}
	return c.apply(ctx, removal(Key{Kind: PhoneNumber, Domain: domain, ID: digits}))
}

// What the field application of an SMS number says.
const (
	smsForUser   = "user"
	smsForQueue  = "callqueue"
	smsAvailable = "available"
)

// CreateSMSNumber adds a number that sends and receives texts. The field number
// is its digits; dest is the user it belongs to where application is user.
func (c *Core) CreateSMSNumber(ctx context.Context, domain string, fields Fields) (Object, error) {
	digits, err := Digits(fields.Text("number"))
	if err != nil {
		return Object{}, err
	}
	of, err := c.domain(ctx, domain)
	if err != nil {
		return Object{}, err
	}
	fields = fields.Clone()
	fields.set("number", digits)
	fields.set("domain", nameIn(of, "domain"))
	fields.setDefault("dest", "")
	fields.setDefault("carrier", "")
	fields.setDefault("mms-capable", false)
	fields.setDefault("group-mms-capable", false)
	if err := c.checkSMSNumber(ctx, domain, fields); err != nil {
		return Object{}, err
	}
	made := create(Key{Kind: SMSNumber, Domain: domain, ID: digits}, fields)
	return made.Object, c.apply(ctx, made)
}

// UpdateSMSNumber gives a number to somebody else, or changes other fields.
func (c *Core) UpdateSMSNumber(ctx context.Context, domain, number string, fields Fields) error {
	digits, err := Digits(number)
	if err != nil {
		return err
	}
	fields = fields.Without("number", "domain")
	return c.update(ctx, Key{Kind: SMSNumber, Domain: domain, ID: digits}, func(old Fields) (Fields, error) {
		changed := old.With(fields)
		return changed, c.checkSMSNumber(ctx, domain, changed)
	})
}

// checkSMSNumber checks whose a number is.
func (c *Core) checkSMSNumber(ctx context.Context, domain string, fields Fields) error {
	switch application, dest := fields.Text("application"), fields.Text("dest"); application {
	case smsForUser:
		_, err := c.user(ctx, domain, dest)
		return invalidIfMissing(err)
	case smsForQueue:
		if dest == "" {
			return fault.Newf(fault.Invalid, "dest names no call queue")
		}
		return nil
	case smsAvailable:
		return nil
	default:
		return fault.Newf(fault.Invalid, "%q is not an application of an SMS number", application).WithHint("user, callqueue and available are")
	}
}

// invalidIfMissing is for a name in a request other than the one it is about: if
// it does not exist, the request is invalid.
func invalidIfMissing(err error) error {
	if missing, ok := errors.AsType[*fault.Error](err); ok && missing.Code == fault.NotFound {
		return &fault.Error{Code: fault.Invalid, Message: missing.Message}
	}
	return err
}

// DeleteSMSNumber removes a number for texts.
func (c *Core) DeleteSMSNumber(ctx context.Context, domain, number string) error {
	digits, err := Digits(number)
	if err != nil {
		return err
	}
	return c.apply(ctx, removal(Key{Kind: SMSNumber, Domain: domain, ID: digits}))
}

// SMSNumbersOf returns the numbers from which a user sends texts.
func (c *Core) SMSNumbersOf(ctx context.Context, domain, user string) ([]Object, error) {
	if _, err := c.user(ctx, domain, user); err != nil {
		return nil, err
	}
	all, err := c.Objects(ctx, Key{Kind: SMSNumber, Domain: domain}, 0, 0)
	return slices.DeleteFunc(all, func(o Object) bool {
		return o.Fields.Text("application") != smsForUser || !sameName(o.Fields.Text("dest"), user)
	}), err
}
