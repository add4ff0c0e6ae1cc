//go:build unix

package cli_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// TestCustomersLeaveBesideAServer has two customers come by form and leave by
// command, with a phone system that fails half way.
func TestCustomersLeaveBesideAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	for _, in := range []string{"", "domains_file = \"domains.json\"\n"} {
		t.Run("entries in "+in, func(t *testing.T) {
			system := phoneSystem(t)
			path := folder(t, map[string]string{"switchhook.toml": "listen = \"127.0.0.1:0\"\ndata = \"data\"\n" + in + "public_url = \"https://hooks.example.net\"\n" +
				"[netsapiens]\nurl = \"" + system.URL + "\"\ntoken = \"" + nstest.Token + "\"\n[forms]\nsecret = \"correct horse battery\"\n"})
			settings := filepath.Join(path, "switchhook.toml")
			run(t, `{"old": {"api_domain": "example.net", "from_number": "19294873999", "message": "Hello."}}`, nil, "import", "-c", settings, "-").wants(t, 0, "1 added")
			p := serve(t, path, "-c", "switchhook.toml")
			comes := func(id, user string) {
				t.Helper()
				form := url.Values{
					"secret": {"correct horse battery"}, "id": {id}, "api_domain": {"example.net"}, "user": {"2000"},
					"ns_system_user": {user}, "from_number": {"19294873999"}, "message": {"We are open."},
				}
				if status, body := p.do(http.MethodPost, "/update-sms", form.Encode()); status != 200 {
					t.Fatalf("the form is answered with %d %s", status, body)
				}
			}
			leaves := func(id string, code int, says ...string) {
				t.Helper()
				run(t, "", nil, "entry", "remove", "--yes", "-c", settings, id).wants(t, code, says...)
			}
			p.await("subscribed to people's texts")
			comes("east", "8001")
			comes("west", "8002")
			leaves("old", 0, "entry: removed") // which has never had a chain
			run(t, "", nil, "entry", "show", "-c", settings, "east").wants(t, 0, "provisioned: in order", "texts to the numbers of example.net are posted to the server")

			// Another entry of the domain keeps the subscription.
			leaves("east", 0, "user: removed", "entry: removed")
			if system.User("example.net", "8001") != nil || len(system.Subscriptions()) != 1 {
				t.Error("the user is left, or the subscription is gone")
			}

			// The phone system fails half way, then the subscription does.
			system.Break(nstest.DeleteDialRule, 1, nstest.Refuses(http.StatusServiceUnavailable, "Service Unavailable"))
			leaves("west", 1, "dial rule: failed", "The entry stays until what was made for it is gone. Run it again: switchhook entry remove west -c "+settings)
			system.Break(nstest.DeleteSubscription, 1, nstest.Refuses(http.StatusServiceUnavailable, "Service Unavailable"))
			leaves("west", 1, "the subscription to the texts of example.net, whose last entry it is: will end", "dial rule: removed", "entry: removed",
				"A running server ends it in a while. Run it again")
			run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "example.net posts people's texts, and has no entry any more")
			leaves("west", 0, "subscription to the texts of example.net: ended")
			leaves("west", 2, `there is no entry "west"`)
			if left := system.Subscriptions(); len(left) > 0 || system.User("example.net", "8002") != nil || len(system.DialRules("example.net")) != 1 {
				t.Errorf("left are %v and %v", left, system.DialRules("example.net"))
			}
			run(t, "", nil, "provision", "--plan", "-c", settings).wants(t, 0, "no entry in")

			// One is back: the server subscribes again, though it has just done so.
			if in != "" {
				return
			}
			comes("west", "8002")
			await.That(t, "the subscription", func() bool { return len(system.Subscriptions()) == 1 })
			run(t, "", nil, "entry", "list", "-c", settings).wants(t, 0, "in order", "1 in ")
		})
	}
}
