#!/bin/sh
# Brings what the tests need beyond Go: the languages of the examples, speech,
# curl, telephones (sipp, baresip), PostgreSQL (of which the tests start a server
# of their own), a browser with what runs in it (browser/package.json, by npm),
# what the package is looked at and served with, shells that complete commands,
# and the C compiler that Go's race detector is linked with; "deps.sh bench" what
# the benchmarks run beside ours, "deps.sh package" what the package is installed
# with. Does nothing when all of it is there. As root on a Debian it is installed;
# otherwise the one line that would do so is printed, and the exit code is 1.
set -eu
cd "$(dirname "$0")"

# Debian keeps haproxy out of the PATH of who is not root.
PATH=$PATH:/usr/sbin:/sbin

# Any of these drives the browser's tests; Debian has the first.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || echo chromium)

# Debian keeps PostgreSQL's own programs out of the PATH; what is in it is this.
postgres=$(command -v pg_ctl || echo pg_ctlcluster)

# The list: a command, and the packages that bring it.
needs="
php              php-cli
node             nodejs
npm              npm
$browser         chromium
espeak-ng        espeak-ng
flite            flite
curl             curl
$postgres        postgresql
dpkg-deb         dpkg
systemd-analyze  systemd
fish             fish
zsh              zsh
caddy            caddy
haproxy          haproxy
sipp             sip-tester
baresip          baresip
$(go env CC)     gcc libc6-dev
"

case "${1:-}" in
"") what="The tests" ;;
bench)
	what="The benchmarks"
	needs="
/usr/bin/gunicorn gunicorn python3-flask python3-requests
/usr/bin/uvicorn  uvicorn python3-fastapi python3-httpx
"
	;;
package)
	what="The tests of the package"
	needs="
lintian         lintian
file            file
debootstrap     debootstrap
systemd-nspawn  systemd-container
"
	;;
*)
	echo "usage: tools/deps.sh [bench|package]" >&2
	exit 2
	;;
esac

missing=$(echo "$needs" | while read -r command packages; do
	[ -z "$command" ] || command -v "$command" >/dev/null || echo "$packages"
done | xargs)

# What runs in the browser comes from npm's registry, as the lock file has it.
scripts() {
	[ "$what" = "The tests" ] || return 0
	npm ls --prefix browser >/dev/null 2>&1 ||
		npm ci --prefix browser --ignore-scripts --no-audit --no-fund --silent
}

if [ -z "$missing" ]; then
	scripts
	exit
fi

if ! command -v apt-get >/dev/null; then
	echo "$what need programs that this machine lacks. Install what stands for these Debian packages here: $missing" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "$what need programs that this machine lacks. Install them, then run this again:" >&2
	echo "  sudo apt-get install $missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages: splitting is meant
apt-get install -y -qq --no-install-recommends $missing
scripts
