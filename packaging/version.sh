#!/bin/sh
# Prints the version of a Debian package for what git describe said of the
# commit (VERSION), so that versions sort by age: a release candidate before its
# release (1.2.0~rc.1), commits after the tag behind it (1.2.0+4.gabcdef0).
# Before the first tag there is only the commit's time (TIME, in seconds since
# 1970), and the commit.
#
# usage: version.sh VERSION TIME COMMIT
set -eu

case "$1" in
v[0-9]*)
	echo "$1" | sed -E '
		s/^v//
		s/-dirty$/+dirty/
		s/-([0-9]+)-g([0-9a-f]+)\+dirty$/+\1.g\2.dirty/
		s/-([0-9]+)-g([0-9a-f]+)$/+\1.g\2/
		s/-/~/
		s/-/./g'
	;;
*)
	echo "0~$(date -u -d "@$2" +%Y%m%d%H%M%S)${3:+.g$3}"
	;;
esac
