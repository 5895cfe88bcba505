# tests/tidy/run.sh: is every source in the house's format, and does clang-tidy find nothing? Sourced by tests/run.

formatted() {
  find include apps tests benchmarks -name node_modules -prune -o \( -name '*.hpp' -o -name '*.cpp' \) -print0 |
    xargs -0 clang-format-19 --dry-run --Werror
}
one "clang-format leaves everything as it is" formatted || true

if configure tidy; then
  mkdir -p build/tidy/logs
  # Each translation unit of the build, with the headers of ours that it reads; its log is kept when it has findings.
  sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/tidy/compile_commands.json | sort -u >build/tidy/units
  # shellcheck disable=SC2016
  xargs -P "$jobs" -I{} sh -c '
    log=build/tidy/logs/$(printf %s "$1" | tr / _).log
    if clang-tidy-19 --quiet -p build/tidy "$1" >"$log" 2>/dev/null; then echo "passed $1"; rm -f "$log"; else echo "failed $1"; cat "$log"; fi
  ' sh {} <build/tidy/units | tee build/tidy/result | grep -v '^passed '
  tidy_passed=$(grep -c '^passed ' build/tidy/result) || true
  tidy_failed=$(grep -c '^failed ' build/tidy/result) || true
  say "  clang-tidy: $tidy_passed units clean, $tidy_failed not"
  passed=$((passed + tidy_passed)) failed=$((failed + tidy_failed))
  [ $((tidy_passed + tidy_failed)) -gt 0 ] || failed=$((failed + 1))
else
  failed=$((failed + 1))
fi
