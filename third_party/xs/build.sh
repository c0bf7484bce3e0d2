#!/bin/sh
# Compiles the files of sources.list into one archive and keeps it, keyed by all
# that could change its content: compiler, flags, sources, our platform header.
# Prints the directory that holds libxs.a. Meson calls this when it configures,
# so that all build directories share one copy (half a minute of two cores each).
#
#   third_party/xs/build.sh CACHE CC... -- CFLAGS...
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
xs=$root/build/deps/xs

if [ "${1:-}" = --compile ]; then # one file, called by the xargs below
    src=$2
    obj=$(printf %s "${src%.c}" | tr / _).o
    # shellcheck disable=SC2086 # words are meant to be split
    exec $XS_CC $XS_FLAGS -c "$src" -o "$XS_OUT/$obj"
fi

[ $# -ge 3 ] || {
    echo "usage: build.sh CACHE CC... -- CFLAGS..." >&2
    exit 2
}
mkdir -p "$1"
cache=$(CDPATH='' cd -- "$1" && pwd -P)
shift
cc=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    cc="$cc $1"
    shift
done
shift

[ -f "$xs/xs/sources/xsAll.h" ] || {
    echo "capstan: XS is not there: run third_party/xs/fetch.sh" >&2
    exit 1
}

lines() { # a list file without comments and blank lines
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}

flags="$* -w -fno-common -D_GNU_SOURCE $(lines "$here/defines" | tr '\n' ' ')"
# Relative paths: the objects then name no directory of this machine.
flags="$flags -Ixs/includes -Ixs/platforms -Ixs/sources -iquote ../../../src/engine -I../../../src"
cd "$xs"

# The preprocessed headers stand for platform.h and whatever it includes: a
# changed comment builds nothing anew, a changed macro does.
key=$({
    cat "$xs/.integrity"
    lines "$here/sources.list"
    # shellcheck disable=SC2086 # words are meant to be split
    $cc --version
    printf '%s\n' "$*"
    lines "$here/defines"
    # shellcheck disable=SC2086
    printf '#include "xsAll.h"\n#include "xsScript.h"\n' | $cc $flags -E -dD -P -x c -
} | sha256sum | cut -c 1-16)
out=$cache/$key

if [ ! -f "$out/libxs.a" ]; then
    exec 9>"$cache/.lock.$key"
    flock 9
fi
if [ ! -f "$out/libxs.a" ]; then
    echo "building XS ($(lines "$here/sources.list" | wc -l) files) ..." >&2
    tmp=$(mktemp -d "$cache/tmp.XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 1' HUP INT TERM
    XS_CC=$cc XS_FLAGS=$flags XS_OUT=$tmp
    export XS_CC XS_FLAGS XS_OUT
    lines "$here/sources.list" |
        xargs -P "$(nproc)" -I '{}' sh "$here/build.sh" --compile '{}' >"$tmp/log" 2>&1 || {
        echo "capstan: XS does not compile; the last lines of the compiler:" >&2
        tail -n 20 "$tmp/log" >&2
        exit 1
    }
    ar rcsD "$tmp/libxs.a" "$tmp"/*.o
    rm -f "$tmp"/*.o
    printf '%s\n' "$cc $flags" >"$tmp/command"
    rm -rf "$out"
    mv "$tmp" "$out"
    chmod 755 "$out"
fi
printf '%s\n' "$out"
