#!/bin/sh
# Prints the packages that the race detector is worth its time for, one a line:
# those whose code or tests start goroutines, themselves (go, WaitGroup.Go,
# errgroup) or by what they use (servers, parallel tests, synctest). A new
# package is found without being listed.
#
# Left out are those whose goroutines are in another program, in which the race
# detector is not: a browser (the widget), or switchhook as it was built (bench,
# docs, packaging); and the crash suite, whose servers are killed by the dozen:
# what they run is tested under the detector in the packages that it is of. So is
# admission in server and textback: a hundred thousand callers of its own tests
# made the detector itself fail now and then (CHECK failed: slot_locked).
set -eu
cd "$(dirname "$0")/.."

concurrent='(^|[^[:alnum:]_"])go (func|[[:alnum:]_.]+\()|\.Go\(|sync\.|errgroup|httptest\.New(Unstarted|TLS)?Server|\.Parallel\(\)|synctest\.'
elsewhere='/(internal/answer/(admission|widget)|test/(bench|crash)|docs|packaging)$'

go list -f '{{.ImportPath}} {{.Dir}}' ./... |
	while read -r package folder; do
		! grep -qE "$concurrent" "$folder"/*.go || echo "$package"
	done |
	grep -vE "$elsewhere"
