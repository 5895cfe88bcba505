#!/bin/sh
# run.sh SECONDS CORPUS FOUND holds|finds PROGRAM: one fuzz target for a while, starting from its corpus.
# New inputs go to FOUND, which is emptied first, so that each run starts from what is kept.
set -eu
seconds=$1 corpus=$2 found=$3 wanted=$4 program=$5
found=$found.$wanted
rm -rf "$found"
mkdir -p "$found/new" "$found/crash"
[ -d "$corpus" ] || { echo "no corpus: $corpus" >&2; exit 1; }
status=0
"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2560 -print_final_stats=1 -use_value_profile=1 \
  -artifact_prefix="$found/crash/" "$found/new" "$corpus" >"$found/log" 2>&1 || status=$?
grep -E 'cov: ' "$found/log" | tail -n 1
grep -E 'stat::(number_of_executed_units|average_exec_per_sec|new_units_added)' "$found/log" || true
if [ "$wanted" = holds ]; then
  [ "$status" -eq 0 ] || { tail -n 60 "$found/log"; echo "the input is kept in $found/crash"; exit 1; }
else
  [ "$status" -ne 0 ] || { echo "the planted fault was not found in $seconds s"; exit 1; }
  ls "$found/crash" | grep -q '^crash-' || { tail -n 30 "$found/log"; echo "it failed, but not by the fault"; exit 1; }
fi
