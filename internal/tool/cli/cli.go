// Package cli is the command line, one file for each command. Main is a value
// that tests run as the shell runs the program.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/switchhook/switchhook/internal/fault"
)

// Main is the program: how it was built and its inputs and outputs.
type Main struct {
	Version string
	Commit  string

	Program string // as the shell was told to run it; empty: switchhook

	In     io.Reader
	Out    io.Writer // results
	Err    io.Writer // errors and hints
	Getenv func(string) string

	args     []string   // of the running command
	root     *kong.Node // of all commands
	settings string     // the file of the running command, as it was named; empty: it was not
}

// The exit codes of all commands.
const (
	exitOK     = 0
	exitFailed = 1 // what the command checked is not as it should be
	exitUsage  = 2 // wrong usage, or the command could not begin
)

// commands is the grammar of the command line, in groups by who reads its help.
type commands struct {
	Demo  demoCommand  `cmd:"" group:"responders" help:"Try everything on this machine, with nothing to set up."`
	Call  callCommand  `cmd:"" group:"responders" help:"Call a web responder: live on a terminal, or with prepared answers."`
	Check checkCommand `cmd:"" group:"responders" help:"Report every problem of a document or of a responder's answer."`
	Test  testCommand  `cmd:"" group:"responders" help:"Replay saved calls and compare what the caller hears."`
	Route routeCommand `cmd:"" group:"responders" help:"Explain rule by rule where a running Core would send a call."`

	Serve     serveCommand     `cmd:"" group:"server" help:"Run the application server."`
	Doctor    doctorCommand    `cmd:"" group:"server" help:"Check everything that serve needs, and say what to fix."`
	Provision provisionCommand `cmd:"" group:"server" help:"Make the phone system match the entries."`
	Entry     entryCommand     `cmd:"" group:"server" help:"List, show, change and remove entries."`
	Import    importCommand    `cmd:"" group:"server" help:"Import the entries of a domains.json."`
	Export    exportCommand    `cmd:"" group:"server" help:"Print all entries as a domains.json."`
	Backup    backupCommand    `cmd:"" group:"server" help:"Copy the database while it is in use."`

	Activity activityCommand `cmd:"" group:"work" help:"Tell what happened, and why."`
	Texts    textsCommand    `cmd:"" group:"work" help:"List texts, and send dead ones again."`
	Oncall   oncallCommand   `cmd:"" group:"work" help:"Say who would be rung, and why."`
	Suppress suppressCommand `cmd:"" group:"work" help:"Manage the list of numbers that we never text or call."`
	Alert    alertCommand    `cmd:"" group:"work" help:"See what stands, try whether alerts arrive, and mute them."`
	Number   numberCommand   `cmd:"" group:"work" help:"Export or erase everything about a number."`

	Version    versionCommand    `cmd:"" group:"program" help:"Print version, commit and Go version."`
	Completion completionCommand `cmd:"" group:"program" help:"Print what a shell loads to complete commands."`
	Complete   completeCommand   `cmd:"" group:"program" hidden:""`
}

// groups are those of the commands, with their titles.
var groups = kong.ExplicitGroups([]kong.Group{
	{Key: "responders", Title: "Write and test responders:"},
	{Key: "server", Title: "Set up and run a server:"},
	{Key: "work", Title: "Look after callers, day by day:"},
	{Key: "program", Title: "About the program:"},
})

// exit ends a command with a code; its message has been printed.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// failedIf ends a command with exitFailed if what it checked is not as it
// should be.
func failedIf(failed bool) error {
	if failed {
		return exit(exitFailed)
	}
	return nil
}

// Run runs one command and returns its exit code.
func (m *Main) Run(ctx context.Context, args []string) int {
	m.args = args
	leave := make(chan int, 1)
	parser, err := kong.New(new(commands), m.grammar(ctx, leave)...)
	if err != nil {
		return m.report(err)
	}
	switch {
	case len(args) == 0, args[0] == "help" && len(args) == 1:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(args[1:], "--help")
	case args[0] == "--version":
		args = []string{"version"}
	}
	m.root = parser.Model.Node
	parsed, err := parser.Parse(args)
	select {
	case code := <-leave:
		return code
	default:
	}
	if err != nil {
		return m.report(usage(err))
	}
	for _, flag := range parsed.Flags() {
		if flag.Name == configFlag {
			m.settings = flag.Target.String()
		}
	}
	return m.report(parsed.Run())
}

// grammar returns how a command line is read. What leave gets is the exit code of a
// command that is over before it runs: its help was asked for.
func (m *Main) grammar(ctx context.Context, leave chan<- int) []kong.Option {
	return []kong.Option{
		kong.Name("switchhook"),
		kong.Description("Programmable voice for hosted phone systems. docs/ and https://github.com/switchhook/switchhook tell more."),
		kong.Writers(m.Out, m.Err),
		kong.Exit(func(code int) { leave <- code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Help(printHelp),
		groups,
		kong.Bind(m),
		kong.BindTo(ctx, (*context.Context)(nil)),
	}
}

// usage turns a command line error into one for people.
func usage(err error) error {
	command := "switchhook"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if selected := parse.Context.Command(); selected != "" {
			words, _, _ := strings.Cut(selected, " <") // what follows are arguments
			command += " " + words
		}
	}
	return fault.Newf(fault.Invalid, "%s", strings.ReplaceAll(err.Error(), `"`, "")).WithHint("%s --help shows the usage", command)
}

// report prints an error and returns its exit code.
func (m *Main) report(err error) int {
	if err == nil {
		return exitOK
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if unread(err) {
		return exitOK
	}
	fmt.Fprintf(m.Err, "switchhook: error: %v\n", err)
	if hint := cmp.Or(m.asOwner(err), m.pasteable(fault.HintOf(err))); hint != "" {
		fmt.Fprintf(m.Err, "switchhook: hint: %s\n", hint)
	}
	return exitUsage
}

// unread reports whether a command failed because its reader had seen enough, as in
// switchhook texts list | head. That is no mistake of anybody's.
func unread(err error) bool {
	failed, ok := errors.AsType[*fs.PathError](err)
	return ok && failed.Path == os.Stdout.Name() && errors.Is(failed.Err, syscall.EPIPE)
}

// asOwner returns a hint how to run this command as the user whose file keeps it
// from working; empty: that is not the reason.
func (m *Main) asOwner(err error) string {
	denied, ok := errors.AsType[*fs.PathError](err)
	if !ok || !errors.Is(denied.Err, fs.ErrPermission) {
		return ""
	}
	place, owner := ownerOf(denied.Path)
	if owner == "" {
		return ""
	}
	command := []string{"sudo"}
	if owner != "root" {
		command = append(command, "-u", owner)
	}
	for _, arg := range append([]string{m.program()}, m.args...) {
		command = append(command, quoted(arg))
	}
	return fmt.Sprintf("%s belongs to the user %s: %s", place, owner, strings.Join(command, " "))
}

// plainArg is what a shell takes as it stands.
var plainArg = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// quoted writes an argument as a shell reads it.
func quoted(arg string) string {
	if plainArg.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// program returns how to run this program again, for commands to copy.
func (m *Main) program() string {
	if m.Program == "" {
		return "switchhook"
	}
	return m.Program
}

// terminal returns the terminal that a person sits at, if there is one.
func (m *Main) terminal() (in, out *os.File, ok bool) {
	in, okIn := m.In.(*os.File)
	out, okOut := m.Out.(*os.File)
	if !okIn || !okOut {
		return nil, nil, false
	}
	return in, out, term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}

// private reports whether responders on private networks are allowed.
func (m *Main) private() (bool, error) {
	const name = "SWITCHHOOK_ALLOW_PRIVATE_RESPONDERS"
	switch value := m.Getenv(name); value {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, fault.Newf(fault.Invalid, "%s is %q, neither true nor false", name, value)
	}
}
