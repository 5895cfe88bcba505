#!/bin/sh
# serves.sh PROGRAM: does the stranger's server answer, refuse what is wrong, and stop when told?
set -u
"$1" >"$1.log" 2>&1 &
server=$!
failed=0
at=http://127.0.0.1:48901
for _ in $(seq 100); do
  curl -s -o /dev/null "$at/" && break
  sleep 0.1
done
expect() { # WHAT GOT
  [ "$1" = "$2" ] || { echo "expected $1, got $2"; failed=1; }
}
expect '{"hello":"you","times":3}' "$(curl -s "$at/greet/you?times=3")"
expect 404 "$(curl -s -o /dev/null -w '%{http_code}' "$at/nothing")"
expect 405 "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$at/greet/you")"
expect 4 "$(curl -s -o /dev/null -w '%{http_code}' "$at/greet/you?times=many" | cut -c1)"
kill -TERM "$server"
wait "$server" || { echo "it ended with $?"; failed=1; }
[ "$failed" -eq 0 ] || cat "$1.log"
exit "$failed"
