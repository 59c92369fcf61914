#!/usr/bin/env bash
# Every check, one after the other; all run, the summary names those that failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
BIN=$PWD/.venv/bin
failed=()

check() {
    local name=$1 started=$SECONDS
    shift
    echo "== $name"
    "$@" || failed+=("$name")
    echo "   $((SECONDS - started)) s"
}

check "style (ruff check)" "$BIN/ruff" check --quiet .
check "style (ruff format)" "$BIN/ruff" format --check --quiet .
check "types (mypy --strict)" "$BIN/mypy"
check "layers (import-linter)" "$BIN/lint-imports" --no-logo
check "wheel (built, installed, run from /)" "$BIN/python" scripts/smoke_wheel.py
# Twins keep real time: beside tests that fill every core they would be late, and beside each other.
check "tests (pytest)" "$BIN/pytest" -n "${JOBS:-2}" --dist loadgroup -m "not real_time"
check "tests with twins (pytest)" "$BIN/pytest" -m real_time

if [ ${#failed[@]} -gt 0 ]; then
    printf 'FAILED: %s\n' "${failed[@]}"
    exit 1
fi
echo "all checks passed in $SECONDS s"
