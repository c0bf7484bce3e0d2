#!/bin/sh
# Brings the sources of XS into build/deps/xs: npm package by name and exact
# version, install scripts off, integrity checked here, and only its moddable/
# part kept. Does nothing once they are there, so later runs need no network.
#
#   third_party/xs/fetch.sh
#   CAPSTAN_XS_TARBALL=FILE third_party/xs/fetch.sh    the tarball, without network
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
deps=$root/build/deps
dest=$deps/xs
log=$deps/fetch.log

fail() {
    echo "capstan: $1" >&2
    exit 1
}

field() {
    sed -n "s/^$1=//p" "$here/manifest"
}

package=$(field package)
version=$(field version)
integrity=$(field integrity)
if [ -f "$dest/.integrity" ] && [ "$(cat "$dest/.integrity")" = "$integrity" ]; then
    exit 0
fi

mkdir -p "$deps"
# Two starts at once must not fetch twice.
exec 9>"$deps/.lock"
flock 9
if [ -f "$dest/.integrity" ] && [ "$(cat "$dest/.integrity")" = "$integrity" ]; then
    exit 0
fi

tmp=$(mktemp -d "$deps/fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

if [ -n "${CAPSTAN_XS_TARBALL:-}" ]; then
    [ -r "$CAPSTAN_XS_TARBALL" ] || fail "cannot read CAPSTAN_XS_TARBALL=$CAPSTAN_XS_TARBALL"
    cp "$CAPSTAN_XS_TARBALL" "$tmp/package.tgz"
else
    command -v npm >/dev/null ||
        fail "npm is needed once, to fetch XS: apt-get install npm (or set CAPSTAN_XS_TARBALL to the tarball of $package $version)"
    # In an empty directory, so that no project's settings are read.
    (cd "$tmp" && npm pack --ignore-scripts "$package@$version") >"$log" 2>&1 ||
        fail "cannot fetch $package $version (npm's words are in $log): check the network and run again, or set CAPSTAN_XS_TARBALL to its tarball"
    set -- "$tmp"/*.tgz
    if [ $# -ne 1 ] || [ ! -f "$1" ]; then
        fail "npm gave no tarball of $package $version, see $log"
    fi
    mv "$1" "$tmp/package.tgz"
fi

want=$(printf %s "${integrity#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
have=$(sha512sum <"$tmp/package.tgz" | cut -d ' ' -f 1)
[ "$want" = "$have" ] ||
    fail "the tarball of $package $version is not the one we know (its sha512 differs from third_party/xs/manifest): nothing was unpacked; run again, or look who stands between you and the registry"

mkdir "$tmp/xs"
tar -xzf "$tmp/package.tgz" -C "$tmp/xs" --strip-components=2 --no-same-owner package/moddable 2>>"$log" ||
    fail "cannot unpack $package $version, see $log"
[ -f "$tmp/xs/xs/sources/xsAll.h" ] || fail "$package $version carries no xs/sources: pin another version in third_party/xs/manifest"
printf '%s\n' "$integrity" >"$tmp/xs/.integrity"
rm -rf "$dest"
mv "$tmp/xs" "$dest"
