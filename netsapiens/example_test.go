package netsapiens_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// example returns a client of a phone system with the domain example.com, its
// user 2000 and that user's number for texts. An example has no test to give
// to nstest.Start.
func example() (*netsapiens.Client, func()) {
	system := nstest.New(nstest.Quirks{})
	system.AddDomain("example.com")
	system.AddUser("example.com", "2000")
	system.AddSMSNumber("example.com", "19294873999", "2000")
	server := httptest.NewServer(system)
	client, err := netsapiens.New(netsapiens.Config{URL: server.URL, Token: nstest.Token})
	if err != nil {
		panic(err)
	}
	return client, server.Close
}

func ExampleClient_SendSMS() {
	client, done := example()
	defer done()

	err := client.SendSMS(context.Background(), netsapiens.SMS{
		Domain:  "example.com",
		User:    "2000",
		From:    "19294873999",
		To:      "+19734321440",
		Message: "We are open Monday to Friday, 9am to 5pm.",
	})
	switch {
	case err == nil:
		fmt.Println("taken")
	case netsapiens.Uncertain(err):
		fmt.Println("perhaps taken, so not sent again:", err)
	case netsapiens.Temporary(err):
		fmt.Println("send it again later:", err)
	default:
		fmt.Println("somebody has to look:", err)
	}
	// Output: taken
}

// How a call to a web responder gets its way: a user, a rule that leads from
// it to the responder, and the answer rule that sends the user's calls there.
func Example_provisioning() {
	client, done := example()
	defer done()
	ctx := context.Background()

	err := client.CreateUser(ctx, "example.com", netsapiens.User{
		User:        "8001",
		FirstName:   "SMS",
		LastName:    "Responder",
		Email:       "operations@example.net",
		Scope:       netsapiens.ScopeSimpleUser,
		ServiceCode: "system-webresponder",
	})
	fmt.Println("user:", err == nil || netsapiens.AlreadyExists(err))

	err = client.CreateDialRule(ctx, "example.com", "example.com", netsapiens.DialRule{
		ToURI:       "webresponder8001",
		Application: netsapiens.ToWeb,
		Parameter:   "https://hooks.example.net/webresponder?id=example.com-sms",
	})
	fmt.Println("dial rule:", err == nil || netsapiens.AlreadyExists(err))

	change, err := client.SetAnswerRule(ctx, "example.com", "8001", netsapiens.ForwardAlways("webresponder8001"))
	fmt.Println("answer rule:", change, err)
	// Output:
	// user: true
	// dial rule: true
	// answer rule: updated <nil>
}

func ExampleClient_SMSNumbers() {
	client, done := example()
	defer done()

	for number, err := range client.SMSNumbers(context.Background(), "example.com") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(number.Number, "belongs to", number.Dest)
	}
	// Output: 19294873999 belongs to 2000
}

func ExampleNotFound() {
	client, done := example()
	defer done()

	_, err := client.User(context.Background(), "example.com", "8001")
	fmt.Println(netsapiens.NotFound(err))
	// Output: true
}
