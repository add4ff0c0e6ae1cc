#!/bin/sh
# Prints the version of a Debian package for what git describe said of the
# commit (VERSION), so that versions sort by age: a release candidate before its
# release (1.2.0~rc.1), commits after the tag behind it (1.2.0+4.gabcdef0), and
# changes that are not committed right behind their commit.
# Where no tag is known, VERSION is the last release's number, without a v. The
# commit's time (TIME, in seconds since 1970) then orders the packages, and all
# come before the release (1.2.0~20261130120000.gabcdef0), so that a tagged
# package upgrades them. With no COMMIT either, the source is a release's archive.
#
# usage: version.sh VERSION TIME COMMIT
set -eu

case "$1" in
v[0-9]*)
	echo "$1" | sed -E '
		s/^v//
		s/-dirty$/+0.dirty/
		s/-([0-9]+)-g([0-9a-f]+)\+0\.dirty$/+\1.g\2.dirty/
		s/-([0-9]+)-g([0-9a-f]+)$/+\1.g\2/
		s/-/~/
		s/-/./g'
	;;
*)
	echo "$1${3:+~$(date -u -d "@$2" +%Y%m%d%H%M%S).g$3}" | sed 's/-dirty$/.dirty/'
	;;
esac
