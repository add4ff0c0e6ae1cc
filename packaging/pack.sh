#!/bin/sh
# Makes the Debian package of a binary, and prints its path. The same input
# gives the same package, byte by byte: nothing in it is younger than TIME.
#
# usage: pack.sh ARCH BINARY VERSION TIME COMMIT FOLDER
#   ARCH     amd64 or arm64
#   VERSION  as git describe has it; without a tag the last release's number
#   TIME     of the commit, in seconds since 1970
#   FOLDER   where the package is put
# MAINTAINER in the environment is who answers for a package that is given to
# others; NFPM is how to run nfpm.
set -eu

arch=$1 binary=$(realpath "$2") version=$3 time=$4 commit=$5
mkdir -p "$6"
out=$(realpath "$6")
here=$(dirname "$(realpath "$0")")
cd "$here/.."
nfpm=${NFPM:-go tool -modfile=$PWD/tools/go.mod nfpm}

PACKAGE_VERSION=$(packaging/version.sh "$version" "$time" "$commit")
MAINTAINER=${MAINTAINER:-Switchhook maintainers <maintainers@switchhook.example>}
STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT INT TERM
umask 022
doc=$STAGE/doc
mkdir -p "$doc/docs" "$STAGE/man"

compress() { gzip -9 -n >"$1"; }

packaging/settings.sh >"$STAGE/switchhook.toml"
cp packaging/copyright README.md "$doc"
cp docs/*.md "$doc/docs"
compress "$doc/CHANGELOG.md.gz" <CHANGELOG.md
compress "$STAGE/man/switchhook.1.gz" <packaging/switchhook.1
compress "$doc/changelog.gz" <<END
switchhook ($PACKAGE_VERSION) unstable; urgency=medium

  * What changed for those who run it is in CHANGELOG.md.gz.

 -- $MAINTAINER  $(date -R -u -d "@$time")
END
GOOS=linux GOARCH=$arch CGO_ENABLED=0 packaging/licenses.sh >"$STAGE/licenses"
compress "$doc/third-party-licenses.gz" <"$STAGE/licenses"
find "$STAGE" -exec touch -h -d "@$time" {} +
chmod -R u=rwX,go=rX "$STAGE"

package=$out/switchhook_${PACKAGE_VERSION}_$arch.deb
export ARCH="$arch" BINARY="$binary" MAINTAINER PACKAGE_VERSION STAGE SOURCE_DATE_EPOCH="$time"
cd packaging
# shellcheck disable=SC2086 # a command with its arguments: splitting is meant
$nfpm package --config nfpm.yaml --packager deb --target "$package" >/dev/null
echo "$package"
