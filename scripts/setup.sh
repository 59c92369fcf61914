#!/usr/bin/env bash
# Makes .venv with the pinned dependencies and this package in it; instant when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=.venv
STAMP=$VENV/setup_done              # holds the hash of what was installed
UNFINISHED=$VENV/setup_unfinished   # there while a set-up runs: left behind by an interrupted one
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 1; }

wanted_hash() { { pwd; cat pyproject.toml constraints.txt scripts/setup.sh; } | sha256sum | cut -d' ' -f1; }

is_supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.11 python3.12}; do
        if command -v "$name" >/dev/null && is_supported "$name"; then
            command -v "$name"
            return
        fi
    done
    die "needs Python 3.11 or 3.12; found $("${PYTHON:-python3}" --version 2>&1 || true). Install one and run: PYTHON=/path/to/python3.11 make"
}

has_library() { /sbin/ldconfig -p 2>/dev/null | grep -F "$1" >/dev/null; }

rendering_packages() {
    has_library libEGL.so.1 || echo libegl1
    has_library libGL.so.1 || echo libgl1
    has_library libglib-2.0.so.0 || echo libglib2.0-0
}

# evdev, a dependency of robosuite's keyboard device, comes as source only.
building_packages() {
    command -v gcc >/dev/null || echo gcc
    "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        echo python3-dev
    [ -e /usr/include/linux/input.h ] || echo linux-libc-dev
    "$1" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

apt_install() {
    say "installing system packages: $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return
    apt-get update -qq || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Fails when the packages stay missing, after naming the command that would install them.
ensure_packages() {
    [ $# -eq 0 ] && return
    if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
        apt_install "$@" && return
    fi
    say "missing system packages; install them with: sudo apt-get install -y $*"
    return 1
}

ensure_system() {
    # shellcheck disable=SC2046  # one word a package
    ensure_packages $(building_packages "$1") || die "stopped: without them the dependencies cannot be built"
    # shellcheck disable=SC2046
    ensure_packages $(rendering_packages) || say "going on without rendering: there will be no pictures and no video"
}

# On PyPI torch brings gigabytes of CUDA along; PyTorch's own index has a build for the CPU alone.
torch_index() {
    if "$1" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=5)' "$TORCH_CPU_INDEX/torch/" 2>/dev/null; then
        echo "--extra-index-url $TORCH_CPU_INDEX"
    else
        say "$TORCH_CPU_INDEX does not answer; torch comes from the default index"
    fi
}

make_venv() {
    if [ -e "$UNFINISHED" ] || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        "$1" -m venv --clear "$VENV"
    fi
    rm -f "$STAMP"
    touch "$UNFINISHED"
}

install() {
    local quiet=-qq
    [ -t 2 ] && quiet= # on a terminal pip shows how far it is
    # shellcheck disable=SC2046,SC2086  # an option and its value, or nothing
    "$VENV/bin/python" -m pip install $quiet --disable-pip-version-check \
        $(torch_index "$1") --constraint constraints.txt --editable '.[dev]'
}

main() {
    exec 9<. && flock 9 # two runs at once: the second waits, then finds the work done
    local hash python started=$SECONDS
    hash=$(wanted_hash)
    [ -e "$STAMP" ] && [ "$(cat "$STAMP")" = "$hash" ] && return
    python=$(find_python)
    ensure_system "$python"
    say "installing into $VENV with $("$python" --version); this takes a few minutes"
    make_venv "$python"
    install "$python"
    # A later, smaller set-up does not overwrite what the one from nothing took.
    [ -e "$VENV/setup_seconds" ] || echo $((SECONDS - started)) >"$VENV/setup_seconds"
    rm -f "$UNFINISHED"
    echo "$hash" >"$STAMP"
    say "done in $((SECONDS - started)) s"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then main; fi
