package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// phonesKey is where a script's phone system is among its values.
const phonesKey = "phones"

// TestOperating runs the scripts of testdata/operator: what operators do
// without a server. Each has a phone system at $PHONES with the domain
// example.net, its users 2000 and 3000, and 2000's number 12125550100;
// switchhook.toml has settings that use it.
func TestOperating(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/operator",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			system := nstest.New(nstest.Quirks{})
			system.AddDomain("example.net")
			system.AddUser("example.net", "2000")
			system.AddUser("example.net", "3000")
			system.AddSMSNumber("example.net", "12125550100", "2000")
			server := httptest.NewServer(system)
			env.Defer(server.Close)
			env.Defer(system.Close)
			env.Values[phonesKey] = system
			env.Setenv("PHONES", server.URL)
			env.Setenv("TZ", "UTC")
			env.Setenv("SWITCHHOOK_LISTEN", "127.0.0.1:0") // another test may hold the usual port
			return os.WriteFile(env.WorkDir+"/switchhook.toml", []byte("listen = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:1\"\ndata = \"data\"\n"+
				"[netsapiens]\nurl = \""+server.URL+"\"\ntoken = \""+nstest.Token+"\"\n[forms]\nsecret = \"a-secret-of-forms\"\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"phones": phones},
	})
}

// phones does something to the phone system, as somebody at its portal does:
//
//	phones refuse STATUS      to take the next text
//	phones rule JSON          add a dial rule
//	phones edit TO JSON       change fields of the dial rule for TO
//	phones forward USER TO    send a user's calls elsewhere
//	phones delete USER        delete a user
//	phones user USER JSON     change fields of a user
//	phones number NUMBER USER lead a number to a user
//	phones refuse-deletes N   to delete users, with a status
//	phones accept-deletes now delete users again
//	phones asks TO URL        the dial rule for TO asks URL
//	phones took NUMBER        how many texts were taken
func phones(ts *testscript.TestScript, neg bool, args []string) {
	system, ok := ts.Value(phonesKey).(*nstest.System)
	if !ok || neg || len(args) < 2 {
		ts.Fatalf("phones cannot do that")
	}
	fields := func(text string) (object nstest.Object) {
		ts.Check(json.Unmarshal([]byte(text), &object))
		return object
	}
	const domain = "example.net"
	done := true
	switch args[0] {
	case "refuse":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		system.Break(nstest.SendMessage, 1, nstest.Refuses(status, http.StatusText(status)))
	case "rule":
		system.AddDialRule(domain, fields(args[1]))
	case "edit":
		done = system.EditDialRule(domain, args[1], fields(args[2]))
	case "forward":
		system.SetForward(domain, args[1], args[2])
	case "delete":
		done = system.RemoveUser(domain, args[1])
	case "user":
		done = system.EditUser(domain, args[1], fields(args[2]))
	case "number":
		system.AddPhoneNumber(domain, args[1], args[2])
	case "refuse-deletes":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		system.Break(nstest.DeleteUser, nstest.Always, nstest.Refuses(status, http.StatusText(status)))
	case "accept-deletes":
		system.BreakSome(nstest.DeleteUser, nil)
	case "asks":
		done = false
		for _, rule := range system.DialRules(domain) {
			done = done || rule["dial-rule-matching-to-uri"] == args[1] && rule["dial-rule-parameter"] == args[2]
		}
	case "took":
		done = strconv.Itoa(len(system.Messages())) == args[1]
	default:
		ts.Fatalf("phones knows no %s", args[0])
	}
	if !done {
		ts.Fatalf("it is not so: phones %v; the rules are %v, the texts %v", args, system.DialRules(domain), system.Messages())
	}
}
