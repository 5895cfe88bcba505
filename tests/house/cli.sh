#!/bin/bash
# cli.sh PROGRAM VERSION FOLDER SAMPLE: does a program's command line keep its word? Run in an empty folder.
set -u
. "$(dirname "$0")/ports.sh"
program=$1 version=$2 folder=$3 sample=$4
rm -rf "$folder"
mkdir -p "$folder/home"
cd "$folder" || exit 1
export HOME=$folder/home
failed=0
wrong() { echo "$*"; failed=1; }

"$program" --help >help 2>help.err || wrong "--help fails: $(cat help.err)"
grep -q -- --version help || wrong "--help does not tell of --version"
[ "$("$program" --version)" = "$(basename "$program") $version" ] || wrong "--version says: $("$program" --version)"

for flags in "--no-such-flag" "no-such-command" "--config $folder/none.toml"; do
  # shellcheck disable=SC2086
  timeout 10 "$program" $flags >out 2>err && wrong "$flags is taken for right"
  [ -s err ] || wrong "$flags: nothing is said on the error stream"
  [ ! -s out ] || wrong "$flags: an error is printed as if it were output"
done
"$program" --config "$folder/none.toml" 2>&1 | grep -q none.toml || wrong "a missing file is not named"
TENSORGATE_CONFIGG=1 "$program" --print-config >out 2>err || wrong "--print-config fails: $(cat err)"
grep -q "TENSORGATE_CONFIGG.*TENSORGATE_CONFIG?" err || wrong "a variable of no setting is passed over: $(cat err)"
"$program" --config out --print-config >again 2>&1 || wrong "what --print-config prints is refused: $(cat again)"
cmp -s out again || wrong "what --print-config prints is read back as: $(diff out again)"

# A demo serves until it is told to stop, and stops at once. It leaves nothing behind.
if [ -d "$sample" ]; then
  mkdir "$folder/tmp"
  export TMPDIR=$folder/tmp
  port=$(free_port 28888)
  "$program" --demo "$sample" --port "$port" >demo 2>&1 &
  server=$!
  # A start waits up to 65 s for a port that a closing connection of this host holds.
  for _ in $(seq 800); do
    listening "$port" && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  listening "$port" || wrong "the demo does not listen: $(cat demo)"
  for _ in $(seq 100); do
    grep -q '^The key of' demo && break
    sleep 0.1
  done
  [ "$(grep -c "^  curl " demo)" -ge 1 ] || wrong "the demo does not say how to ask: $(cat demo)"
  grep "^  curl " demo | grep -qv "http://127\.0\.0\.1:$port/" && wrong "the demo says to ask elsewhere: $(cat demo)"
  # Where it cannot listen it says so, and nothing else.
  timeout 100 "$program" --demo "$sample" --port "$port" >second 2>&1 && wrong "a second demo finds the port free"
  grep -q "another program listens there" second || wrong "a second demo does not say what stops it: $(cat second)"
  grep -q "^The key of\|curl" second && wrong "a second demo says how to ask what does not serve: $(cat second)"
  [ "$(find "$TMPDIR" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ] || wrong "a demo that cannot start leaves: $(ls "$TMPDIR")"
  kill -TERM "$server" 2>/dev/null
  for _ in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$server" 2>/dev/null; then
    wrong "SIGTERM does not stop it within 10 s"
    kill -KILL "$server"
  fi
  wait "$server" || wrong "it ends with $? after SIGTERM: $(tail -n 5 demo)"
  [ -z "$(ls -A "$TMPDIR")" ] || wrong "a demo leaves: $(ls -A "$TMPDIR")"
fi
exit "$failed"
