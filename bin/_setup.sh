# Sourced by every launcher: finds Python, refuses live keys, and keeps the venv in step with the
# lock. Needs bash and coreutils only. Sets ROOT, TRINITY_HOME and PYTHON (the venv's).

set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
export PATH="${PATH:-}${PATH:+:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROOM_MB_MIN=900

# Ctrl-C while we prepare: go, without the last words of whatever was running.
trap 'exit 130' INT TERM

fail() {
    printf '%s: %s\n' "${COMMAND:-Trinity}" "$*" >&2
    exit 1
}

is_debian() { [ -f /etc/debian_version ] && command -v apt-get >/dev/null; }

# The first Python that is new enough; one that can make a venv is preferred.
find_python() {
    local name found="" old=""
    for name in "${TRINITY_PYTHON:-python3}" python3 python3.13 python3.12 python3.11 python3.14; do
        command -v "$name" >/dev/null || continue
        if ! "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            old=${old:-$("$name" -c 'import platform; print(platform.python_version())' 2>/dev/null || true)}
            continue
        fi
        if "$name" -c 'import venv, ensurepip' 2>/dev/null; then
            command -v "$name"
            return
        fi
        found=${found:-$(command -v "$name")}
    done
    [ -n "$found" ] && echo "$found" && return
    if [ -n "$old" ]; then
        fail "Python $old is too old; install Python 3.11 or newer (Debian 12: apt-get install python3 python3-venv)."
    fi
    fail "Python 3.11 or newer is missing; install it (Debian 12: apt-get install python3 python3-venv)."
}

require_venv_module() {
    local python=$1 version
    "$python" -c 'import venv, ensurepip' 2>/dev/null && return
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
    if is_debian && [ "$(id -u)" = 0 ]; then
        echo "Installing python3-venv (once)." >&2
        apt_install "python$version-venv" || apt_install python3-venv || true
    fi
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "Python's venv module is missing; install it (Debian: sudo apt-get install python3-venv)."
}

apt_install() {
    { apt-get install -y --no-install-recommends "$@" ||
        { apt-get update && apt-get install -y --no-install-recommends "$@"; }; } </dev/null >/dev/null 2>&1
}

# What the venv was made from: the lock and the Python. Same words, nothing to do.
fingerprint() {
    { cat "$ROOT/requirements.lock"; "$1" -c 'import sys; print(sys.version, sys.executable)' 2>/dev/null; } | sha256sum
}

# ``.made-from`` in it says that a venv is Trinity's, from before the first file until it is removed.
ensure_venv() {
    local python=$1 venv=$2 wanted
    wanted=$(fingerprint "$python")
    require_ours "$venv"
    make_home "$(dirname "$venv")"
    exec 9>>"$venv.lock"
    ! command -v flock >/dev/null || flock 9
    if [ "$(cat "$venv/.made-from" 2>/dev/null || true)" != "$wanted" ]; then
        require_venv_module "$python"
        require_room "$(dirname "$venv")"
        echo "Installing what Trinity needs into ${venv#"$PWD"/} (once, about half a minute)." >&2
        install_into "$venv" "$python" >"$venv.log" 2>&1 || fail_to_install "$venv"
        printf '%s\n' "$wanted" >"$venv/.made-from"
    fi
    exec 9>&-
}

require_ours() {
    [ -e "$1" ] && [ ! -e "$1/.made-from" ] || return 0
    [ -d "$1" ] && [ -z "$(ls -A "$1")" ] ||
        fail "$1 holds what Trinity did not make and would be emptied; set TRINITY_VENV to a new or empty folder, or unset it."
}

# Private, but for root: Postgres refuses root, and whoever serves in its place must get through.
make_home() {
    local mode=700
    [ "$(id -u)" != 0 ] || mode=711
    [ -d "$1" ] || { mkdir -p "$1" && chmod "$mode" "$1"; } 2>/dev/null || true
    [ -d "$1" ] && [ -w "$1" ] || fail "$1 is not a folder that this user can write; set TRINITY_HOME to a folder of your own."
}

install_into() {
    mkdir -p "$1" && echo unfinished >"$1/.made-from" && sync_venv "$2" "$1"
}

# Anew, but for the word that it is Trinity's: ``venv --clear`` would take that too.
make_venv() {
    find "$2" -mindepth 1 -maxdepth 1 ! -name .made-from -exec rm -rf {} +
    "$1" -m venv "$2"
}

sync_venv() {
    local python=$1 venv=$2
    # An older venv of the same Python is brought up to date in place: what runs from it goes on.
    # One without pip was interrupted while it was made.
    local version='import sys; print(sys.version)'
    if [ "$("$venv/bin/python" -c "import pip; $version" 2>/dev/null)" != "$("$python" -c "$version")" ]; then
        make_venv "$python" "$venv"
    fi
    # uv itself comes from the lock too, held by its hash.
    awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' "$ROOT/requirements.lock" >"$venv/uv.txt"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes --no-deps -r "$venv/uv.txt"
    [ -w "${XDG_CACHE_HOME:-${HOME:-/nonexistent}}" ] || export UV_CACHE_DIR="$venv/.uv-cache"
    # pip knows mirrors from its own settings that uv does not read.
    "$venv/bin/uv" pip sync --quiet --python "$venv/bin/python" --require-hashes \
        "$ROOT/requirements.lock" ||
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --require-hashes -r "$ROOT/requirements.lock"
}

require_room() {
    local free_mb
    free_mb=$(df -Pm "$1" | awk 'NR == 2 {print $4}')
    [ "$free_mb" -ge "$ROOM_MB_MIN" ] ||
        fail "The disk that holds $1 is full ($free_mb MB free, $ROOM_MB_MIN MB needed); make room, or set TRINITY_HOME to a folder on another disk."
}

fail_to_install() {
    local said
    said=$(grep -iE 'error|no space|fail' "$1.log" | tail -n 1 || true)
    case "$(cat "$1.log")" in
        *"No space left on device"*) fail "The disk that holds $1 is full; make room, or set TRINITY_HOME to a folder on another disk." ;;
    esac
    fail "The dependencies could not be installed (${said:-no reason given}); check the network and try again. All of it is in $1.log."
}

case "${TRINITY_HOME:-}" in
    "") TRINITY_HOME="$ROOT/.trinity" ;;
    /*) ;;
    *) TRINITY_HOME="$PWD/$TRINITY_HOME" ;;
esac
export TRINITY_HOME

# Prints the comment at the top of the launcher, to the first line that is none, and goes.
help_if_asked() {
    case "${1:-}" in -h | --help | help) ;; *) return 0 ;; esac
    printf 'Usage: %s\n\n' "$USAGE"
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
}

# For launchers that take no arguments: a word that is not understood must not start anything.
no_arguments() {
    [ "$#" = 0 ] || fail "there is nothing called $1 here; $COMMAND --help says what there is."
}

# Usage: set_up [refuse-live]. Leaves the clone's folder as the current one.
set_up() {
    local python
    python=$(find_python)
    cd -- "$ROOT"
    if [ "${1:-}" = refuse-live ]; then
        "$python" -m trinity.stack.refusal "$COMMAND" || exit 1
    fi
    TRINITY_VENV=${TRINITY_VENV:-$TRINITY_HOME/venv}
    TRINITY_VENV=${TRINITY_VENV%/}
    ensure_venv "$python" "$TRINITY_VENV"
    PYTHON=$TRINITY_VENV/bin/python
    trap - INT TERM
    export TRINITY_VENV
}
