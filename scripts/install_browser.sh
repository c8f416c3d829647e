#!/bin/sh
# The console is tested in a real browser: install Debian's Chromium where there is none and where that can be done.
# Where it can't, those tests are skipped, and say why.
set -eu

for browser in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$browser" ] && command -v "$browser" >/dev/null; then exit 0; fi
done
command -v apt-get >/dev/null || exit 0
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends chromium >"$log" 2>&1
}
echo "installing chromium (once)"
install || { $as_root apt-get update --quiet >"$log" 2>&1 && install; } ||
    { tail -n 3 "$log"; echo "hint: apt-get install chromium, or name one by CHROMIUM"; } >&2
