#!/bin/sh
# Install what is locked, and this project, into .venv: by uv, which takes seconds; by pip, a minute or two, where uv
# can't (there is none for the machine, or it can't reach an index that pip is configured for).
set -eu
python=.venv/bin/python
lock=requirements-dev.lock
export PIP_DISABLE_PIP_VERSION_CHECK=1

only_uv=$(mktemp)
log=$(mktemp)
trap 'rm -f "$only_uv" "$log"' EXIT

install_by_uv() {
    awk '/^[^ #]/ { wanted = /^uv==/ } wanted' "$lock" >"$only_uv"
    "$python" -m pip install --quiet --no-deps --require-hashes -r "$only_uv" || return
    index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
    if [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; else export UV_SYSTEM_CERTS=1; fi
    uv() { .venv/bin/uv pip install --quiet --python "$python" --no-deps "$@"; }
    uv --require-hashes -r "$lock" && uv --no-build-isolation -e .
}

echo "installing into .venv (once)"
if ! install_by_uv >"$log" 2>&1; then
    echo "installing by pip, as uv could not"
    "$python" -m pip install --quiet --no-deps --require-hashes -r "$lock" || { cat "$log" >&2; exit 1; }
    "$python" -m pip install --quiet --no-deps --no-build-isolation -e .
fi
