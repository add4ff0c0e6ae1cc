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

// A room is a part of the house: a folder, or the few that belong together.
type room struct {
	name string
	may  []string // the rooms whose packages it may import

	// rows are its packages. One may import those of the rows above its own,
	// none of its own row. A tree is written internal/x/... and is one package
	// here.
	rows [][]string

	only string // why it may import so little; empty: it may import what others may
}

// rooms are all of them. A new package gets its place here, in the room that
// says what it is for and as high up as it can stand.
var rooms = []room{
	{name: "ground", rows: [][]string{
		{"internal/fault", "internal/fault/measure", "internal/fault/spelling", "internal/fault/state", "internal/fault/why"},
		{"internal/fetch", "internal/setting/guess", "internal/hours", "internal/phone", "internal/phone/sms", "internal/setting/plaintext"},
		{"internal/activity", "internal/part", "internal/setting"},
	}},
	{name: "responder", rows: [][]string{{"responder"}}, only: "people put it in programs of their own, where it should bring nothing along"},
	{name: "netsapiens", may: []string{"ground", "responder"}, rows: [][]string{{"netsapiens"}}},

	{name: "call", may: []string{"ground", "responder"}, rows: [][]string{
		{"internal/call/audio", "internal/call/document", "internal/call/inhand", "internal/call/rtp", "internal/call/sdp", "internal/call/trace"},
		{"internal/call/media", "internal/call/recording", "internal/call/soundcache", "internal/call/speech"},
		{"internal/call/prompt"},
		{"internal/call/engine"},
		{"internal/call/dialog", "internal/call/simulator"},
		{"internal/call/softphone", "internal/call/trunk", "internal/call/voice", "internal/call/wire"},
		{"internal/call/loopback"},
	}},
	{name: "answer", may: []string{"ground", "responder", "netsapiens"}, rows: [][]string{
		{"internal/answer/admission", "internal/answer/entry", "internal/answer/form", "internal/answer/ical", "internal/answer/ledger", "internal/answer/optout"},
		{"internal/answer/provision", "internal/answer/source", "internal/answer/widget"},
		{"internal/answer/clicktocall", "internal/answer/oncall", "internal/answer/textback"},
	}},
	{name: "core", may: []string{"ground", "responder", "call"}, rows: [][]string{
		{"internal/core/barring", "internal/core/dialplan"},
		{"internal/core"},
		{"internal/core/nsapi"},
	}},
	{name: "store", may: []string{"ground", "responder", "netsapiens", "call", "answer", "core"}, rows: [][]string{{"internal/store"}}},
	{name: "server", may: []string{"ground", "responder", "netsapiens", "call", "answer", "core", "store"}, rows: [][]string{
		{"internal/server/alert", "internal/server/handover", "internal/server/systemd"},
		{"internal/server/config", "internal/server/web"},
		{"internal/server/story"},
		{"internal/server"},
		{"internal/server/process"},
	}},
	{name: "tool", may: []string{"ground", "responder", "netsapiens", "call", "answer", "core", "store", "server", "examples"}, rows: [][]string{
		{"internal/tool/demo", "internal/tool/doctor", "internal/tool/telephone"},
		{"internal/tool/cli"},
	}},
	{name: "cmd", may: []string{"tool"}, rows: [][]string{{"cmd/switchhook"}}},

	{name: "respondertest", may: []string{"responder", "call"}, rows: [][]string{{"respondertest"}}},
	{name: "examples", may: []string{"responder"}, rows: [][]string{{"examples/..."}}},
	{name: "load", may: []string{"call"}, rows: [][]string{{"test/bench/load"}}},
	{name: "stand-ins", may: []string{"ground", "netsapiens", "call", "answer", "core", "store"}, rows: [][]string{
		{"test/await", "test/pipenet", "test/scrape", "test/sipp", "test/walk", "netsapiens/nstest", "internal/answer/sourcetest", "internal/server/alerttest"},
		{"internal/call/audiotest", "internal/call/enginetest", "internal/store/storetest", "test/baresip", "test/handset"},
	}},
}

// standIns are for tests, which these laws do not bind, and for the demo.
const standIns = "stand-ins"

// meant lists the imports that break a law on purpose, each with its reason.
var meant = map[edge]string{
	{"internal/tool/demo", "internal/answer/sourcetest"}: "it asks them who is on call",
}

// maxDepth is the most elements that a package's path has: two levels under a
// top folder, as internal/answer/oncall.
const maxDepth = 3

// edge is one import, by paths within the module; to is a whole import path
// where it is not of this module.
type edge struct{ from, to string }

func TestImportsKeepTheLaws(t *testing.T) {
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
		if _, ok := placeOf(name); !ok {
			found = append(found, name+" has no place in the house: give it one in rooms, in test/layout/imports_test.go")
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

// breaks returns the law that an import breaks and what to do, or "". Ours says
// whether the imported package is of this module.
func (e edge) breaks(ours bool) string {
	from, known := placeOf(e.from)
	switch {
	case from.room.only != "" && (ours || strings.Contains(strings.Split(e.to, "/")[0], ".")):
		return fmt.Sprintf("it may import the standard library alone, because %s; write the few lines here, or move this to a package that uses %s", from.room.only, e.from)
	case !ours || !known || meant[e] != "":
		return ""
	}
	to, known := placeOf(e.to)
	switch {
	case !known, to.row < from.row && to.room.name == from.room.name, to.entry == from.entry:
		return ""
	case to.room.name == from.room.name:
		return "in their room it does not stand above; put what they share in a package above both, in rooms, in test/layout/imports_test.go"
	case to.room.name == standIns:
		return "it is for tests alone"
	case !slices.Contains(from.room.may, to.room.name):
		return fmt.Sprintf("%s may not know %s; declare an interface of what is needed in %s, and let %s satisfy it", from.room.name, to.room.name, e.from, e.to)
	}
	return ""
}

// place is where a package stands.
type place struct {
	room  room
	row   int
	entry string // of the row: the package, or the tree that it is in
}

// placeOf returns the place of a package; ok is false if it has none.
func placeOf(name string) (p place, ok bool) {
	for _, r := range rooms {
		for i, row := range r.rows {
			for _, entry := range row {
				folder, tree := strings.CutSuffix(entry, "/...")
				if name == folder || tree && strings.HasPrefix(name, folder+"/") {
					return place{r, i, entry}, true
				}
			}
		}
	}
	return place{}, false
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
		{"of the ground", edge{"internal/call/engine", "internal/fault"}, ""},
		{"above in its room", edge{"internal/call/engine", "internal/call/trace"}, ""},
		{"below in its room", edge{"internal/call/trace", "internal/call/engine"}, "not stand above"},
		{"a Core's wire, from the simulator", edge{"internal/call/simulator", "internal/call/wire"}, "not stand above"},
		{"beside it", edge{"internal/call/audio", "internal/call/trace"}, "not stand above"},
		{"the ground, among itself", edge{"internal/phone", "internal/hours"}, "not stand above"},
		{"settings, of the ground", edge{"internal/setting", "internal/phone"}, ""},
		{"an answer, from a call", edge{"internal/call/engine", "internal/answer/entry"}, "call may not know answer"},
		{"a call, from an answer", edge{"internal/answer/oncall", "internal/call/trace"}, "answer may not know call"},
		{"an answer, from the Core", edge{"internal/core", "internal/answer/ledger"}, "core may not know answer"},
		{"a call, from the Core", edge{"internal/core", "internal/call/engine"}, ""},
		{"the store, from an answer", edge{"internal/answer/textback", "internal/store"}, "answer may not know store"},
		{"the server, from a feature", edge{"internal/answer/oncall", "internal/server/config"}, "answer may not know server"},
		{"a stand-in, from a feature", edge{"internal/answer/oncall", "internal/answer/sourcetest"}, "tests alone"},
		{"a stand-in, from the demo", edge{"internal/tool/demo", "internal/answer/sourcetest"}, ""},
		{"ours, from responder", edge{"responder", "internal/fault"}, "standard library alone"},
		{"a module, from responder", edge{"responder", "github.com/coder/websocket"}, "standard library alone"},
		{"the standard library, from responder", edge{"responder", "encoding/xml"}, ""},
		{"a module, from elsewhere", edge{"internal/call/engine", "github.com/coder/websocket"}, ""},
		{"the simulator, from respondertest", edge{"respondertest", "internal/call/simulator"}, ""},
		{"the store, from respondertest", edge{"respondertest", "internal/store"}, "respondertest may not know store"},
		{"responder, from an example", edge{"examples/math", "responder"}, ""},
		{"a part of an example", edge{"examples/math/server", "examples/math"}, ""},
		{"the ground, from an example", edge{"examples/math", "internal/phone"}, "examples may not know ground"},
		{"an example, from the demo", edge{"internal/tool/demo", "examples/math"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, ours := placeOf(c.edge.to)
			got := c.edge.breaks(ours)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("%s imports %s: got %q, want %q", c.edge.from, c.edge.to, got, c.want)
			}
		})
	}
}

func TestUnknownPackageIsToldWhereItsPlaceIs(t *testing.T) {
	packages := map[string]bool{"internal/fault": true, "internal/core/voicemail": true, "internal/call/media/opus": true}
	imports := map[edge]string{
		{"internal/core/voicemail", "internal/fault"}: "internal/core/voicemail/box.go:4",
	}
	want := []string{
		"internal/call/media/opus has no place in the house: give it one in rooms, in test/layout/imports_test.go",
		"internal/call/media/opus lies 4 folders deep, 3 is the limit: move it up",
		"internal/core/voicemail has no place in the house: give it one in rooms, in test/layout/imports_test.go",
	}
	if diff := cmp.Diff(want, complaints(packages, imports)); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
}
