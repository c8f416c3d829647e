#!/bin/sh
# The console is tested in a real browser: install Debian's headless Chromium where there is none and where that can be
# done. On CI it is also installed beside another browser: it runs the tests in three quarters of the time.
# Where nothing can be installed, those tests are skipped, and say why.
set -eu

for browser in "${CHROMIUM:-}" chromium-headless-shell; do
    if [ -n "$browser" ] && command -v "$browser" >/dev/null; then exit 0; fi
done
found=no
for browser in chromium chromium-browser google-chrome; do
    if command -v "$browser" >/dev/null; then found=yes; fi
done
if [ "$found" = yes ] && [ "${CI:-}" != true ]; then exit 0; fi
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
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$1" >"$log" 2>&1
}
echo "installing a headless browser (once)"
if install chromium-headless-shell; then exit 0; fi
$as_root apt-get update --quiet >"$log" 2>&1 || true
if install chromium-headless-shell || [ "$found" = yes ] || install chromium; then exit 0; fi
{ tail -n 3 "$log"; echo "hint: apt-get install chromium-headless-shell, or name a browser by CHROMIUM"; } >&2
