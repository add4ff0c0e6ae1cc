package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/netsapiens"
)

// The demo's text-back.
const (
	textBackNumber  = "2125551212" // the number that is called
	textBackUser    = "8001"       // the user that calls are routed to
	textBackOwner   = "2000"       // the user who sends texts
	textBackEntry   = "example.net-sms"
	textBackMessage = "We are open Monday to Friday, 9 to 5, at 1 Example Street. See you!"
)

// showTextBack provisions text-back by the form, places a call, and shows the
// text that went out.
func (d *demo) showTextBack(ctx context.Context) error {
	fmt.Fprintf(d.Out, "A phone system of our own (a Core) runs at %s, with the domain %s and the number %s.\n", d.url, domain, textBackNumber)
	if err := d.prepareTextBack(ctx); err != nil {
		return err
	}
	report, err := d.provisionTextBack(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.Out, "A form posted to /update-sms provisioned text-back into it, through the API:")
	fmt.Fprintf(d.Out, "  system user %s: %s\n  dial rule: %s\n  answer rule: %s\n", textBackUser, report.User, report.DialRule, report.AnswerRule)
	fmt.Fprintf(d.Out, "\n%s calls %s. The way through the dial plan:\n", simulator.DefaultFrom, textBackNumber)
	result, err := d.call(ctx, textBackNumber, func(steps []string) {
		for i, step := range steps {
			fmt.Fprintf(d.Out, "%3d. %s\n", i+1, step)
		}
		fmt.Fprintln(d.Out, "\nThe call:")
	})
	if err != nil {
		return err
	}
	if result.Outcome.Failed {
		return fmt.Errorf("the demo's call failed: %s", result.Outcome.Reason)
	}
	d.news.printTo(d.Out)
	return nil
}

// prepareTextBack does what an administrator did before text-back: it makes a
// user with a number for texts, and routes the called number to the system user.
func (d *demo) prepareTextBack(ctx context.Context) error {
	err := d.api.CreateUser(ctx, domain, netsapiens.User{User: textBackOwner, FirstName: "Front", LastName: "Desk", Email: email, Scope: "Basic User"})
	if err != nil {
		return err
	}
	if _, err := d.manage(ctx, http.MethodPost, "/smsnumbers",
		`{"synchronous":"yes","number":"1`+textBackNumber+`","application":"user","dest":"`+textBackOwner+`"}`); err != nil {
		return err
	}
	return d.addNumber(ctx, "1"+textBackNumber, textBackUser)
}

// provisionTextBack posts an operator's form.
func (d *demo) provisionTextBack(ctx context.Context) (report provision.Report, err error) {
	body, err := d.postForm(ctx, "/update-sms", url.Values{
		"secret": {d.secret}, "id": {textBackEntry}, "api_domain": {domain}, "user": {textBackOwner}, "ns_system_user": {textBackUser},
		"from_number": {"1" + textBackNumber}, "message": {textBackMessage},
	}.Encode())
	if err != nil {
		return report, err
	}
	if err := json.Unmarshal(body, &report); err != nil {
		return report, fmt.Errorf("read what the form was answered: %w", err)
	}
	if !report.Done() {
		return report, fmt.Errorf("provisioning failed: %s", body)
	}
	return report, nil
}
