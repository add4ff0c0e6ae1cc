package netsapiens

import (
	"context"
	"iter"
)

// SMSNumber is a number that sends and receives texts.
type SMSNumber struct {
	Number      string `json:"number"` // digits
	Domain      string `json:"domain"`
	Application string `json:"application"` // user, callqueue or available
	Dest        string `json:"dest"`        // the user or queue that it belongs to; may be empty
	Carrier     string `json:"carrier"`
}

func (n SMSNumber) known() bool { return n.Number != "" }

// SMSNumbers returns the numbers of a domain that send and receive texts.
func (c *Client) SMSNumbers(ctx context.Context, domain string) iter.Seq2[SMSNumber, error] {
	return list[SMSNumber](ctx, c, "SMS numbers", func() string { return "read the SMS numbers of " + label(domain) },
		"domains", domain, "smsnumbers")
}

// PhoneNumber is a number that can be called from outside (a DID), with where
// its calls go.
type PhoneNumber struct {
	Number          string `json:"phonenumber"` // digits, with the country's
	Domain          string `json:"domain"`
	Enabled         string `json:"enabled"`                                // Yes or No
	Application     string `json:"dial-rule-application"`                  // what is done with its calls, such as to-user
	Parameter       string `json:"dial-rule-parameter"`                    // what the application needs
	DestinationUser string `json:"dial-rule-translation-destination-user"` // the user, queue or number that its calls go to
	DestinationHost string `json:"dial-rule-translation-destination-host"`
	Description     string `json:"dial-rule-description"` // for people
}

func (n PhoneNumber) known() bool { return n.Number != "" }

// PhoneNumbers returns the numbers of a domain that can be called from
// outside.
func (c *Client) PhoneNumbers(ctx context.Context, domain string) iter.Seq2[PhoneNumber, error] {
	return list[PhoneNumber](ctx, c, "phone numbers", func() string { return "read the phone numbers of " + label(domain) },
		"domains", domain, "phonenumbers")
}
