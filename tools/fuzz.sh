#!/bin/sh
# Runs every fuzz test of every package for the given time, one after another:
#
#   tools/fuzz.sh 30s
#
# The first that fails ends the run, with the path of the input that broke it.
set -eu
time=${1:?usage: tools/fuzz.sh TIME, such as 30s}

started=$(mktemp)
trap 'rm -f "$started"' EXIT

fuzz() { # fuzz PACKAGE NAME
	echo "== $2 in $1, $time"
	touch "$started"
	go test -run='^$' -fuzz="^$2\$" -fuzztime="$time" "$1" </dev/null && return
	dir=$(go list -f '{{.Dir}}' "$1")
	# Only an input found just now: a seed that fails is named by go test itself.
	input=$(find "$dir/testdata/fuzz/$2" -type f -newer "$started" 2>/dev/null | head -n 1)
	[ -z "$input" ] || {
		echo "The input that broke it: $input"
		echo "Again with it alone:     go test -run='^$2\$/^${input##*/}\$' $1"
	} >&2
	exit 1
}

# go test prints the names of a package's tests, then "ok" and the package.
list=$(go test -list '^Fuzz' ./...) || { echo "$list"; exit 1; }
echo "$list" |
	awk '/^Fuzz/ { name[n++] = $1 } $1 == "ok" { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }' |
	while read -r package name; do fuzz "$package" "$name"; done
echo "Nothing found."
