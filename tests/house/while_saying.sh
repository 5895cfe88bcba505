#!/bin/sh
# while_saying.sh SOURCE: does a script say that it still works, and only then, and end as what it runs?
set -eu
cd "$1"
. cmake/debian.sh
wrong() { echo "$*"; exit 1; }

saying_every=1
said=$(while_saying sleep 3)
case $said in
  *"1 s so far"*"2 s so far"*) ;;
  *) wrong "three seconds pass with the words: $said" ;;
esac
saying_every=10
[ -z "$(while_saying true)" ] || wrong "what is done at once is talked of"
[ "$(while_saying echo ended)" = ended ] || wrong "what it prints is changed"
code=0
while_saying sh -c 'exit 7' || code=$?
[ "$code" -eq 7 ] || wrong "the exit code 7 becomes $code"
code=0
sh -euc '. cmake/debian.sh; while_saying false; exit 0' || code=$?
[ "$code" -eq 1 ] || wrong "a script goes on behind what has failed"
