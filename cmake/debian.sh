# cmake/debian.sh: which Debian packages does each job need, and how do they get here? Sourced by apps/run and tests/run.

# The compiler of the shipped programs: g++ 12.2 miscompiles some coroutine expressions (tests/house/coroutine_shapes.hpp
# keeps us clear of those known), clang passes all of them. The presets "release" and "package" name the same one.
release_compiler=clang-19

# What the headers need is read from the table of rooms.
packages_build="cmake ninja-build pkg-config $(sed -n 's/^tensorgate_package(.* APT \([a-z0-9.+-]*\).*/\1/p' cmake/TensorgateRooms.cmake | tr '\n' ' ')"
packages_release="$packages_build $release_compiler"
packages_test_libraries="doctest-dev nlohmann-json3-dev libsimdjson-dev libhttp-parser-dev"
packages_tests="$packages_build $packages_test_libraries g++ clang-19 libclang-rt-19-dev ccache curl openssl procps python3"
packages_tidy="clang-tidy-19 clang-format-19"
packages_browser="nodejs:node npm:npm chromium:chromium"
packages_package="dpkg-dev file debootstrap"
packages_cross="g++-aarch64-linux-gnu qemu-user"

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# need "what for" PACKAGE[:COMMAND]…: installs those that are missing, and says which and why. A package whose command is
# there may have come from elsewhere, under another name.
need() {
  need_reason=$1
  shift
  need_missing=
  for need_one in "$@"; do
    case $need_one in
      *:*) command -v "${need_one#*:}" >/dev/null 2>&1 && continue ;;
    esac
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "${need_one%:*}" 2>/dev/null) in
      ii*|hi*) ;;
      *) need_missing="$need_missing ${need_one%:*}" ;;
    esac
  done
  [ -n "$need_missing" ] || return 0
  command -v dpkg-query >/dev/null 2>&1 || fail "this installs by apt on Debian 12; elsewhere bring:$need_missing"
  need_sudo=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "as root, please: apt-get install --no-install-recommends$need_missing"
    need_sudo=sudo
  fi
  step "installing, $need_reason:$need_missing"
  # No service is started by what a test brings along.
  need_apt="$need_sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0"
  $need_apt update || fail "apt-get update failed"
  # shellcheck disable=SC2086
  need_log=$(mktemp)
  $need_apt install -y --no-install-recommends $need_missing >"$need_log" 2>&1 || {
    tail -n 20 "$need_log" >&2
    fail "apt-get install failed"
  }
  rm -f "$need_log"
}

# while_saying COMMAND…: runs it; while it takes long, says every ten seconds ($saying_every) that it still runs. The exit
# code is its own.
while_saying() {
  (
    saying_for=0
    # A look each second ends this when the shell is gone, and leaves no sleep behind that others would wait for.
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
      saying_for=$((saying_for + 1))
      [ $((saying_for % ${saying_every:-10})) -eq 0 ] || continue
      [ "$saying_for" -gt "${saying_every:-10}" ] || [ ! -t 1 ] || say  # the command's own line stands open
      say "   $saying_for s so far"
    done
  ) &
  saying=$!
  saying_status=0
  "$@" || saying_status=$?
  kill "$saying" 2>/dev/null || :
  wait "$saying" 2>/dev/null || :
  return "$saying_status"
}

# Where ccache, if there is one, keeps what it made: its own choice is below HOME, which a service's user may not have.
export CCACHE_DIR="${CCACHE_DIR:-$(pwd)/build/ccache}" CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-4G}"

# configure PRESET [OPTION…]: says nothing unless it fails.
configure() {
  mkdir -p build
  if ! cmake --preset "$@" >"build/$1.configure.log" 2>&1; then
    cat "build/$1.configure.log" >&2
    return 1
  fi
}
