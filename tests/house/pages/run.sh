#!/bin/bash
# run.sh build|scripts|settings|projects BUILD EXTRACT COMPILER: tests the blocks of code that stand in pages.
# Scripts run in a folder of their own, with the built programs on PATH; curl fails where the server says no.
set -eu
what=$1 build=$2 extract=$3 compiler=$4
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
out=$build/pages
mkdir -p "$out/sources" "$out/scripts" "$out/settings" "$out/projects"
"$extract" "$out"
. "$here/../ports.sh"

script() { # FILE
  echo "-- $1"
  folder=$out/run/$(basename "$1" .sh)
  rm -rf "$folder"
  mkdir -p "$folder"
  beside=$(sed -n '1s/^# with //p' "$1")
  lines=$1
  server=
  if [ -n "$beside" ]; then
    port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$1" | head -n 1)
    [ -n "$port" ] || { echo "it names no port of 127.0.0.1"; return 1; }
    if [ "$beside" = demo ]; then
      # The page's lines, with a port that no connection can hold.
      free=$(free_port 18888)
      lines=$folder/lines.sh
      sed "s/127\.0\.0\.1:$port/127.0.0.1:$free/g" "$1" >"$lines"
      port=$free
      (exec "$build/apps/tensorgate-outputs" --demo "$source/apps/outputs/sample" --port "$port") >"$folder/server.log" 2>&1 &
    else
      (cd "$folder" && exec "$out/build/$beside") >"$folder/server.log" 2>&1 &
    fi
    server=$!
    tries=0
    # A demo says its key when it can be asked.
    until listening "$port" && { [ "$beside" != demo ] || grep -q '^The key of this demonstration' "$folder/server.log"; }; do
      tries=$((tries + 1))
      # A start waits up to 65 s for a port that a closing connection of this host holds.
      if [ "$tries" -gt 800 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$folder/server.log"
        echo "nothing listens on port $port"
        kill "$server" 2>/dev/null || true
        return 1
      fi
      sleep 0.1
    done
  fi
  KEY=$(sed -n 's/^The key of this demonstration.*: \([^ ]*\)$/\1/p' "$folder/server.log" 2>/dev/null | head -n 1)
  # A process of its own: within `if`, `||` and the like a shell forgets its -e.
  status=0
  (cd "$folder" && KEY=$KEY PATH="$build/apps:$PATH" exec bash -eu -c \
    'curl() { command curl --fail-with-body -sS "$@"; }; . "$1"' script "$lines") >"$folder/log" 2>&1 || status=$?
  if [ -n "$server" ]; then
    kill -TERM "$server"
    wait "$server" || { echo "the server did not end well: $?"; status=1; }
  fi
  [ "$status" -eq 0 ] || { cat "$folder/log"; echo "$1 failed: $status"; }
  return "$status"
}

failed=0
case $what in
  build|projects)
    prefix=$out/prefix.$what
    rm -rf "$prefix"
    cmake --install "$build" --component headers --prefix "$prefix" >"$out/install.log"
    set -- -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix"
    [ -z "${CCACHE_DIR:-}" ] || set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
    ;;
esac
case $what in
  build)
    cmake -S "$here" -B "$out/build" -G Ninja -DPAGES="$out" "$@" >"$out/configure.log" 2>&1 || { cat "$out/configure.log"; exit 1; }
    cmake --build "$out/build" ;;
  scripts)
    # What fails on any but its last line has failed.
    printf 'false\ntrue\n' >"$out/planted.sh"
    if script "$out/planted.sh" >/dev/null; then
      echo "a script whose first line fails is taken for good"
      failed=1
    fi
    for one in "$out"/scripts/*.sh; do
      [ -e "$one" ] || continue
      script "$one" || failed=1
    done ;;
  settings)
    for one in "$out"/settings/*.toml; do
      [ -e "$one" ] || continue
      app=$(basename "$one")
      echo "-- $one"
      "$build/apps/tensorgate-$(printf %s "${app%%.*}" | tr _ -)" --print-config --config "$one" >"$out/printed.toml" || failed=1
    done ;;
  projects)
    for one in "$out"/projects/*/CMakeLists.txt; do
      [ -e "$one" ] || continue
      echo "-- $one"
      folder=$out/configured/$(basename "$(dirname "$one")")
      rm -rf "$folder"
      mkdir -p "$folder"
      # The block names its target; the project around it is what every project has.
      target=$(sed -n 's/^target_link_libraries(\([A-Za-z_]*\).*/\1/p' "$one" | head -n 1)
      {
        echo 'cmake_minimum_required(VERSION 3.25)'
        echo 'project(page LANGUAGES CXX)'
        [ -z "$target" ] || grep -q add_executable "$one" || echo "add_executable($target main.cpp)"
        cat "$one"
      } >"$folder/CMakeLists.txt"
      echo 'int main() {}' >"$folder/main.cpp"
      cmake -S "$folder" -B "$folder/build" -G Ninja "$@" || failed=1
    done ;;
esac
exit "$failed"
