#!/bin/sh
# run.sh STAMP DEPFILE COMPILER…: do route tables that break a rule fail to compile, and say which rule?
# The words that the compiler must print stand in each source's first line: `// expect: …`. They must stand in the first
# assertion that fails, for that is what a reader sees. A source with `// expect nothing` must compile: it shows that the
# others fail for their own reason. Leaves STAMP when all is as expected.
set -u
stamp=$1 depfile=$2
shift 2
rm -f "$stamp"
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What all sources include is read once, and noted in DEPFILE, a make rule, where blanks of a path are escaped.
target=$(printf '%s' "$stamp" | sed 's/ /\\ /g')
case $("$1" --version) in
*clang*)
  "$@" -MD -MT "$target" -MF "$depfile" -x c++-header "$here/table.hpp" -o "$scratch/table.pch" || exit 1
  set -- "$@" -include-pch "$scratch/table.pch"
  ;;
*)
  "$@" -MD -MT "$target" -MF "$depfile" -x c++-header "$here/table.hpp" -o "$scratch/table.hpp.gch" || exit 1
  set -- "$@" -I"$scratch" -include table.hpp
  ;;
esac
cd "$scratch" || exit 1

checked=0 failed=0
for source in "$here"/*.cpp; do
  checked=$((checked + 1))
  first=$(head -n 1 "$source")
  wanted=${first#// expect: }
  if "$@" -fsyntax-only "$source" >said 2>&1; then compiled=yes; else compiled=no; fi
  if [ "$first" = '// expect nothing' ]; then
    [ $compiled = yes ] && continue
    problem='should compile'
  elif [ $compiled = yes ]; then
    problem='should not compile'
  elif grep -F 'static assertion failed' said | head -n 1 | grep -qF -- "$wanted"; then
    continue
  else
    problem="should say first: $wanted"
  fi
  failed=$((failed + 1))
  echo "$source: $problem" >&2
  grep -E 'error' said | head -n 5 >&2
done
echo "$checked sources, $failed of them not as expected"
[ $failed = 0 ] && [ $checked != 0 ] && : >"$stamp"
