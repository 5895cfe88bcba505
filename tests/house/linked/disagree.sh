#!/bin/sh
# disagree.sh BUILD SOURCES INCLUDE COMPILER: two files built alike link and run; built as C++20 and as C++23 they do not link.
set -eu
out=$1/disagree sources=$2 include=$3 compiler=$4
mkdir -p "$out"
for std in c++20 c++23; do
  for file in caller callee; do
    "$compiler" -std=$std -I"$include" -c "$sources/$file.cpp" -o "$out/$file.$std.o"
  done
  "$compiler" "$out/caller.$std.o" "$out/callee.$std.o" -o "$out/alike"
  "$out/alike"
done
if "$compiler" "$out/caller.c++20.o" "$out/callee.c++23.o" -o "$out/different" 2>"$out/log"; then
  echo "they linked" >&2
  exit 1
fi
grep -q 'undefined reference to .*v0_tl::answer' "$out/log" || { cat "$out/log" >&2; exit 1; }
