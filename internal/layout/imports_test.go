package layout_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/switchhook/switchhook"

// tiers is the order of the packages: one may import those of the lines above
// its own, none of its own line or below. A new package gets its place here,
// as high up as it can stand.
var tiers = [][]string{
	{"internal/fault", "internal/guess", "internal/phone", "internal/hours", "internal/sms", "internal/optout", "internal/audio", "internal/notify", "internal/handover", "internal/await", "internal/pipenet", "internal/spelling", "internal/plaintext", "internal/oncall/ical", "netsapiens/nstest"},
	{"responder", "internal/trace", "internal/entry", "internal/ledger", "internal/setting"},
	{"internal/document", "internal/fetch", "internal/dialplan", "internal/form", "internal/clicktocall/widget", "netsapiens"},
	{"internal/engine", "internal/speech", "internal/alert"},
	{"internal/simulator", "internal/voice", "internal/textback", "internal/clicktocall", "internal/oncall", "internal/oncall/source", "internal/oncall/sourcetest", "internal/provision"},
	{"internal/core"},
	{"internal/config", "internal/nsapi", "internal/web", "internal/console", "internal/store"},
	{"internal/app", "internal/storetest", "internal/telephone", "respondertest", "examples/..."},
	{"internal/cli"},
	{"cmd/switchhook"},
}

// sideways lists the imports within a tier that are meant, each with its reason.
var sideways = map[edge]string{
	{"internal/textback", "internal/provision"}:   "its form changes an entry, and tells what the phone system made of it",
	{"internal/oncall", "internal/oncall/source"}: "the sources are on-call's own, one file a vendor",
}

// narrow lists packages that may import less of ours than their tier would let
// them, each with its reason.
var narrow = map[string]struct {
	only         []string
	standardOnly bool
	reason       string
}{
	"responder":     {standardOnly: true, reason: "people put it in programs of their own, where it should bring nothing along"},
	"respondertest": {only: []string{"internal/simulator"}, reason: "it is a face of the one scripted Line, not a second one"},
	"examples/...":  {only: []string{"responder"}, reason: "they show what a stranger's program can do"},
}

// maxDepth is the most elements that a package's path has: two levels under a
// top folder, as internal/oncall/source.
const maxDepth = 3

// edge is one import, by paths within the module; to is a whole import path
// where it is not of this module.
type edge struct{ from, to string }

func TestImportsPointInward(t *testing.T) {
	imports := make(map[edge]string)
	packages := make(map[string]bool)
	for _, name := range sourceFiles(t, ".go") {
		if strings.HasSuffix(name, "_test.go") {
			continue // a test may use whatever it needs
		}
		packages[path.Dir(name)] = true
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path.Join(root, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			at := fmt.Sprintf("%s:%d", name, set.Position(spec.Pos()).Line)
			imports[edge{path.Dir(name), strings.TrimPrefix(to, module+"/")}] = at
		}
	}
	for _, complaint := range complaints(packages, imports) {
		t.Error(complaint)
	}
}

// complaints returns a sentence for each package and each import that breaks a
// rule. The values of imports are the places where they stand.
func complaints(packages map[string]bool, imports map[edge]string) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		if tierOf(name) < 0 {
			found = append(found, name+" has no place in the order of packages: give it one in tiers, in internal/layout/imports_test.go")
		}
		if depth := strings.Count(name, "/") + 1; depth > maxDepth {
			found = append(found, fmt.Sprintf("%s lies %d folders deep, %d is the limit: move it up", name, depth, maxDepth))
		}
	}
	for _, e := range slices.SortedFunc(maps.Keys(imports), compareEdges) {
		if broken := e.breaks(packages[e.to]); broken != "" {
			found = append(found, fmt.Sprintf("%s: %s imports %s: %s", imports[e], e.from, e.to, broken))
		}
	}
	return found
}

// breaks returns the rule that an import breaks and what to do, or "". Ours
// says whether the imported package is of this module.
func (e edge) breaks(ours bool) string {
	limit, limited := narrow[entryOf(e.from)]
	switch {
	case limited && limit.standardOnly && (ours || strings.Contains(strings.Split(e.to, "/")[0], ".")):
		return fmt.Sprintf("it may import the standard library alone, because %s; write the few lines here, or move this to a package that uses %s", limit.reason, e.from)
	case !ours:
		return ""
	case limited && !slices.Contains(limit.only, e.to) && !within(e):
		return fmt.Sprintf("of ours it may import only %s, because %s; let that package offer what is needed", strings.Join(limit.only, ", "), limit.reason)
	}
	from, to := tierOf(e.from), tierOf(e.to)
	switch {
	case from < 0 || to < 0, to < from, within(e), sideways[e] != "":
		return ""
	case to == from:
		return "both stand in one tier; put what they share in a package below, or list the import in sideways, in internal/layout/imports_test.go, with the reason"
	default:
		return fmt.Sprintf("imports point inward, and %s stands further out; declare an interface of what is needed in %s, and let %s satisfy it", e.to, e.from, e.to)
	}
}

// within says whether an import stays inside one entry of the tiers, as between
// two parts of one example.
func within(e edge) bool {
	entry := entryOf(e.from)
	return strings.HasSuffix(entry, "/...") && entry == entryOf(e.to)
}

// entryOf returns the entry of the tiers that holds a package, or "".
func entryOf(name string) string {
	for _, tier := range tiers {
		for _, entry := range tier {
			folder, tree := strings.CutSuffix(entry, "/...")
			if name == folder || tree && strings.HasPrefix(name, folder+"/") {
				return entry
			}
		}
	}
	return ""
}

// tierOf returns the number of the tier that holds a package, or -1.
func tierOf(name string) int {
	return slices.IndexFunc(tiers, func(tier []string) bool { return slices.Contains(tier, entryOf(name)) })
}

func compareEdges(a, b edge) int {
	return strings.Compare(a.from+" "+a.to, b.from+" "+b.to)
}

func TestImportRulesAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name string
		edge edge
		want string // a part of the complaint; empty where there is none
	}{
		{"inward", edge{"internal/engine", "internal/trace"}, ""},
		{"past several tiers", edge{"cmd/switchhook", "internal/fault"}, ""},
		{"outward", edge{"internal/trace", "internal/engine"}, "point inward"},
		{"sideways", edge{"internal/engine", "internal/speech"}, "one tier"},
		{"sideways for a reason", edge{"internal/oncall", "internal/oncall/source"}, ""},
		{"sideways against the reason", edge{"internal/oncall/source", "internal/oncall"}, "one tier"},
		{"a leaf, from responder", edge{"responder", "internal/fault"}, "standard library alone"},
		{"a module, from responder", edge{"responder", "github.com/coder/websocket"}, "standard library alone"},
		{"the standard library, from responder", edge{"responder", "encoding/xml"}, ""},
		{"a module, from elsewhere", edge{"internal/engine", "github.com/coder/websocket"}, ""},
		{"the simulator, from respondertest", edge{"respondertest", "internal/simulator"}, ""},
		{"the engine, from respondertest", edge{"respondertest", "internal/engine"}, "only internal/simulator"},
		{"responder, from an example", edge{"examples/math", "responder"}, ""},
		{"a part of an example", edge{"examples/math/server", "examples/math"}, ""},
		{"a leaf, from an example", edge{"examples/math", "internal/phone"}, "only responder"},
		{"an example, from the commands", edge{"internal/cli", "examples/math"}, ""},
		{"an example, from the engine", edge{"internal/engine", "examples/math"}, "point inward"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours := tierOf(c.edge.to) >= 0
			got := c.edge.breaks(ours)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("%s imports %s: got %q, want %q", c.edge.from, c.edge.to, got, c.want)
			}
		})
	}
}

func TestUnknownPackageIsToldWhereItsPlaceIs(t *testing.T) {
	packages := map[string]bool{"internal/fault": true, "internal/voicemail": true, "internal/voice/codec/opus": true}
	imports := map[edge]string{
		{"internal/voicemail", "internal/fault"}: "internal/voicemail/box.go:4",
	}
	want := []string{
		"internal/voice/codec/opus has no place in the order of packages: give it one in tiers, in internal/layout/imports_test.go",
		"internal/voice/codec/opus lies 4 folders deep, 3 is the limit: move it up",
		"internal/voicemail has no place in the order of packages: give it one in tiers, in internal/layout/imports_test.go",
	}
	if diff := cmp.Diff(want, complaints(packages, imports)); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
}
