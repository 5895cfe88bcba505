#!/bin/sh
# prints.sh FILE PROGRAM…: does the program succeed and print what FILE holds?
set -eu
expected=$1
shift
"$@" | diff "$expected" -
"$@" >/dev/null
