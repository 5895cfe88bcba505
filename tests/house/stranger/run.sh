#!/bin/sh
# run.sh rules|server|guest BUILD SOURCE COMPILER: a stranger's project against the installed package (or, as a guest,
# against the source), configured, built and run in BUILD/stranger.
#
# The I/O-free part is looked for on a machine that has nothing else: pkg-config sees its own packages alone, and a
# look for any other fails. What was built may neither have read nor link Asio or OpenSSL.
set -eu
kind=$1 build=$2 source=$3 compiler=$4
out=$build/stranger/$kind
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

prefix=$out/prefix
[ "$kind" = guest ] || {
  rm -rf "$prefix"  # what was removed from the source must not stay; files keep their times, so nothing is rebuilt for it
  cmake --install "$build" --component headers --prefix "$prefix" >"$out/install.log"
}

set -- -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix" -DTENSORGATE_SOURCE="$source"
[ -z "${CCACHE_DIR:-}" ] || set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
if [ "$kind" != server ]; then
  rm -rf "$out/pkgconfig"
  mkdir "$out/pkgconfig"
  for module in botan-2 libdeflate zlib; do
    cp "$(pkg-config --variable=pcfiledir $module)/$module.pc" "$out/pkgconfig/"
  done
  export PKG_CONFIG_LIBDIR="$out/pkgconfig"
  set -- "$@" -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON -DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON \
    -DTENSORGATE_asio_INCLUDE=
fi
cmake -S "$here/$kind" -B "$out/build" -G Ninja "$@" >"$out/configure.log" 2>&1 || { cat "$out/configure.log"; exit 1; }
cmake --build "$out/build"

if [ "$kind" = server ]; then
  sh "$here/serves.sh" "$out/build/stranger"
else
  "$out/build/stranger"
  if ninja -C "$out/build" -t deps | grep -E '/(asio(/[^ ]*)?\.hpp|openssl/|fmt/)'; then
    echo "the I/O-free part read the headers above" >&2
    exit 1
  fi
  if readelf -d "$out/build/stranger" | grep -E 'NEEDED.*(libssl|libcrypto|libfmt|libtomlplusplus)'; then
    echo "the I/O-free part links the libraries above" >&2
    exit 1
  fi
fi

# A package that is missing is named with the command that brings it.
if [ "$kind" = rules ]; then
  rm -rf "$out/missing"
  rm "$out/pkgconfig/libdeflate.pc"
  if cmake -S "$here/$kind" -B "$out/missing" -G Ninja "$@" >"$out/missing.log" 2>&1; then
    echo "it was configured without libdeflate" >&2
    exit 1
  fi
  tr '\n' ' ' <"$out/missing.log" | grep -q 'apt-get install *libdeflate-dev' || { cat "$out/missing.log"; exit 1; }
fi
