package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// examples are what the help of each command ends with, by the command.
var examples = map[string]string{
	"": `
		switchhook demo
		switchhook call http://127.0.0.1:8080/
		switchhook doctor
		switchhook help texts resend`,

	"demo": `switchhook demo`,
	"call": `
		switchhook call http://127.0.0.1:8080/
		switchhook call http://127.0.0.1:8080/ --answer none --answer 12# --save call.jsonl
		switchhook call 2125551212 --hear -
		switchhook call sip:200@192.0.2.10 --auth 2000:password.txt`,
	"check": `
		switchhook check answer.xml
		switchhook check http://127.0.0.1:8080/`,
	"test": `
		switchhook test call.jsonl
		switchhook test calls --update`,
	"route": `
		switchhook route 2125551212
		switchhook route 2125551212 --from 2000@example.net --at "2026-01-31 12:00"`,

	"serve": `
		switchhook serve
		switchhook serve -c /etc/switchhook/switchhook.toml
		switchhook serve --check`,
	"doctor": `
		switchhook doctor
		switchhook doctor --announcement`,
	"provision": `
		switchhook provision --plan
		switchhook provision example.net-sms
		switchhook provision --remove example.net-sms`,
	"entry list": `
		switchhook entry list
		switchhook entry list --json`,
	"entry show": `switchhook entry show example.net-sms`,
	"entry set": `
		switchhook entry set example.net-sms message="We are open Monday to Friday, 9 to 5."
		switchhook entry set example.net-sms hours.mon=09:00-12:00,13:00-17:00 hours.sat=
		switchhook entry set example.net-sms cooldown='{"texts": 2, "minutes": 30}'
		switchhook entry set --new example.net-sales api_domain=example.net queue=9002`,
	"entry remove": `
		switchhook entry remove example.net-sms --plan
		switchhook entry remove example.net-sms
		switchhook entry remove example.net-sms --yes`,
	"import": `
		switchhook import domains.json
		switchhook import --whole domains.json`,
	"export": `switchhook export > domains.json`,
	"backup": `switchhook backup /var/backups/switchhook.db`,

	"activity list": `
		switchhook activity list --number 0123 --since 24h
		switchhook activity list --entry example.net-sms --outcome cooldown
		switchhook activity list --follow`,
	"activity show": `switchhook activity show 1k8nl5u8fri16rtsq`,

	"texts list": `
		switchhook texts list --state dead --since 24h
		switchhook texts list --number +19175550123 --json`,
	"texts resend": `
		switchhook texts resend qzx5
		switchhook texts resend --dead --entry example.net-sms --since 3h`,
	"texts test": `switchhook texts test example.net-sms +19175550123`,
	"alert test": `switchhook alert test`,
	"alert list": `
		switchhook alert list
		switchhook alert list --since 30d --json`,
	"alert mute": `
		switchhook alert mute phone_system_down --for 2h
		switchhook alert mute provision_failed example.net-sms --until 08:00
		switchhook alert mute phone_system_down --end`,
	"oncall who": `
		switchhook oncall who --route support
		switchhook oncall who --at "2026-12-24 22:00" --kept`,
	"oncall override": `
		switchhook oncall override support Ben --until 08:00
		switchhook oncall override support +31622222222 --until 3h
		switchhook oncall override support --end
		switchhook oncall override --list`,
	"suppress add": `
		switchhook suppress add +19175550123 --reason "asked by letter"
		switchhook suppress add --file numbers.txt --channel text --tenant example.net`,
	"suppress remove": `switchhook suppress remove +19175550123`,
	"suppress list":   `switchhook suppress list +19175550123`,
	"number export":   `switchhook number export +19175550123 > person.json`,
	"number erase": `
		switchhook number erase +19175550123
		switchhook number erase +19175550123 --yes`,

	"version": `switchhook version`,
	"completion": `
		source <(switchhook completion bash)
		switchhook completion fish | source`,
}

// printHelp prints the help of a command, with its examples.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	command := ""
	if node := ctx.Selected(); node != nil {
		command = strings.TrimPrefix(node.FullPath(), ctx.Model.Name+" ")
	}
	title := "\nExamples:\n"
	for line := range strings.Lines(strings.TrimSpace(examples[command])) {
		if _, err := fmt.Fprintf(ctx.Stdout, "%s  %s\n", title, strings.TrimSpace(line)); err != nil {
			return err
		}
		title = ""
	}
	return nil
}
