#!/bin/sh
# Runs a command beside so many busy loops, to see that it passes on a machine
# that has other work:
#
#   tools/busy.sh 8 make test
#
# The exit code is the command's. The loops end with this script, also where it
# is killed: each looks every second or so whether it is still there.
set -eu
[ $# -ge 2 ] || { echo "usage: tools/busy.sh LOOPS COMMAND [ARGUMENT ...], such as 8 make test" >&2; exit 2; }
loops=$1
shift

self=$$
pids=
for _ in $(seq "$loops"); do
	sh -c 'while kill -0 "$1" 2>/dev/null; do n=0; while [ "$n" -lt 200000 ]; do n=$((n + 1)); done; done' sh "$self" &
	pids="$pids $!"
done
# shellcheck disable=SC2086 # a list of processes: splitting is meant
trap 'kill $pids 2>/dev/null || true' EXIT
"$@"
