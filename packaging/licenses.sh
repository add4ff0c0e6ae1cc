#!/bin/sh
# Prints the licences of everything that is linked into the program, for the
# system of GOOS and GOARCH: most of them ask for that. A module without one
# ends it.
set -eu
cd "$(dirname "$0")/.."

# show prints the licence files of a folder below a title.
show() {
	found=
	for file in "$2"/[Ll][Ii][Cc][Ee][Nn][SsCc][Ee]* "$2"/COPYING* "$2"/NOTICE* "$2"/PATENTS*; do
		[ -f "$file" ] || continue
		[ -n "$found" ] || printf '======== %s\n\n' "$1"
		found=yes
		cat "$file"
		printf '\n\n'
	done
	[ -n "$found" ] || {
		echo "licenses.sh: $1 has no licence in $2" >&2
		exit 1
	}
}

modules=$(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/switchhook | sort -u)
show "Go $(go env GOVERSION | sed 's/^go//') (https://go.dev), its standard library" "$(go env GOROOT)"
echo "$modules" | while read -r module version folder; do
	show "$module $version" "$folder"
done
