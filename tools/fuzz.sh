#!/bin/sh
# Runs every fuzz test of every package for the given time, one after another:
#
#   tools/fuzz.sh 30s
#
# The first that fails ends the run, with the path of the input that broke it.
# At the end stands how many inputs each had a second, the fewest first: one
# with a handful sees nothing, and is to be made faster.
set -eu
time=${1:?usage: tools/fuzz.sh TIME, such as 30s}

work=$(mktemp -d)
trap 'echo "Inputs a second:"; sort -n "$work/rates"; rm -r "$work"' EXIT
touch "$work/rates"

fuzz() { # fuzz PACKAGE NAME
	echo "== $2 in $1, $time"
	touch "$work/started"
	# Go shortens each input that reaches new code for up to a minute, as it does
	# one that fails. With goroutines about, that takes nearly all of the time:
	# twenty attempts are enough.
	{
		go test -run='^$' -fuzz="^$2\$" -fuzztime="$time" -fuzzminimizetime=20x "$1" </dev/null 2>&1 || touch "$work/failed"
	} | tee "$work/output"
	# fuzz: elapsed: 1m30s, execs: 33532 (2048/sec), new interesting: 4 (total: 9)
	sed -n 's/^fuzz: elapsed: \(.*\)s, execs: \([0-9]*\) .*/\1 \2/p' "$work/output" | tail -n 1 | sed 's/[hm]/ /g' |
		awk -v name="$2 in $1" '{ for (i = 1; i < NF; i++) s = 60 * s + $i; printf "%8d  %s\n", $NF / (s ? s : 1), name }' >>"$work/rates"
	[ -e "$work/failed" ] || return 0
	rm "$work/failed"
	dir=$(go list -f '{{.Dir}}' "$1")
	# Only an input found just now: a seed that fails is named by go test itself.
	input=$(find "$dir/testdata/fuzz/$2" -type f -newer "$work/started" 2>/dev/null | head -n 1)
	[ -z "$input" ] || {
		echo "The input that broke it: $input"
		echo "Again with it alone:     go test -run='^$2\$/^${input##*/}\$' $1"
	} >&2
	# Time that ran out while Go was busy is no failure: https://go.dev/issue/75804
	[ -z "$input" ] && grep -q '^    context deadline exceeded$' "$work/output" && return
	exit 1
}

# go test prints the names of a package's tests, then "ok" and the package.
list=$(go test -list '^Fuzz' ./...) || { echo "$list"; exit 1; }
echo "$list" |
	awk '/^Fuzz/ { name[n++] = $1 } $1 == "ok" { for (i = 0; i < n; i++) print $2, name[i]; n = 0 }' |
	while read -r package name; do fuzz "$package" "$name"; done
echo "Nothing found."
