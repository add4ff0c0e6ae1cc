#!/bin/sh
# Prints the settings file of the package: the example that the program writes
# into docs/settings.md, with all of it left out.
set -eu
cd "$(dirname "$0")/.."
cat <<'END'
# Nothing is switched on yet. Remove the # before the sections that you want, [netsapiens] for
# text-back and click-to-call, [oncall] for on-call routing, or [core], and before the keys that you
# set in them. Then:
#   runuser -u switchhook -- switchhook doctor -c /etc/switchhook/switchhook.toml
#   systemctl enable --now switchhook
# Later changes are in force after: systemctl reload switchhook
# Secrets may stand in /etc/switchhook/.env instead, or be systemd credentials: systemctl edit switchhook

END
awk '
	/^<!-- Written by: / { written = 1; next }
	written && /^```toml$/ { inside = 1; next }
	inside && /^```$/ { exit }
	inside { print /^(#|$)/ ? $0 : "#" $0 }
' docs/settings.md
