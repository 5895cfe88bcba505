# tests/cross/run.sh: does the suite build for aarch64, and do its I/O-free parts hold there? Sourced by tests/run.
# The target's packages are downloaded and unpacked below build/cross; the machine's own package state is not touched.

sysroot=$(pwd)/build/cross/sysroot
cross_packages="$(printf '%s\n' $packages_build | grep -vxE 'cmake|ninja-build|pkg-config') $packages_test_libraries"

make_sysroot() {
  apt_dir=$(pwd)/build/cross/apt
  mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$sysroot"
  : >"$apt_dir/status"
  set -- -qq -o Dir::State="$apt_dir" -o Dir::State::lists="$apt_dir/lists" -o Dir::State::status="$apt_dir/status" \
    -o Dir::Cache="$apt_dir/cache" -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o Debug::NoLocking=1
  apt-get "$@" update &&
    apt-get "$@" install -y --download-only --no-install-recommends $cross_packages || return 1
  for one_deb in "$apt_dir"/cache/archives/*.deb; do dpkg -x "$one_deb" "$sysroot" || return 1; done
  # Links that are absolute on the target point into the sysroot.
  find "$sysroot" -type l -lname '/*' | while read -r link; do ln -sfn "$sysroot$(readlink "$link")" "$link"; done
  printf '%s\n' "$cross_packages" >"$sysroot/packages"
}

if [ "$(cat "$sysroot/packages" 2>/dev/null)" = "$cross_packages" ] || one "the packages of arm64 are unpacked" make_sysroot; then
  suite cross cross -L '^(unit|fuzz)$' -R '^(core|reflect|crypto|codec|identity|fuzz):'
fi
