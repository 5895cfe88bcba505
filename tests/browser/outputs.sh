#!/bin/sh
# outputs.sh PROGRAM TREE SCRATCH: the document of the outputs program, as each profile serves it over a sample tree, by a
# validator that is not ours, and kept at and past every constraint. SCRATCH has the packages that run.sh installs.
set -eu
program=$1 tree=$2 scratch=$3
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
for profile in v1 v2; do
  config=$folder/$profile.toml
  printf '%s\n' "profile = \"$profile\"" '[data]' "validation = \"$tree/validation\"" "state = \"$folder/state\"" \
    '[server]' 'listen = ["127.0.0.1:0"]' 'admin = "off"' '[server.rate]' 'allowed = "unlimited"' \
    '[server.log]' 'access = "off"' '[keys]' "file = \"$folder/keys-$profile.json\"" >"$config"
  key=$("$program" --config "$config" keys add browser --tier 100 --rate unlimited 2>/dev/null | tail -n 1)
  "$program" --config "$config" >"$folder/said" 2>&1 &
  server=$!
  tries=0
  until base=$(sed -n 's/.*listening at \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$folder/said" | head -n 1) && [ -n "$base" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { cat "$folder/said" >&2; exit 1; }
    sleep 0.1
  done
  (cd "$scratch" && TENSORGATE_BASE="http://$base" TENSORGATE_KEYS="{\"bearer\":\"${key##* }\"}" node --test openapi.test.mjs)
  kill "$server"
  wait "$server"
  server=
done
