# tests/package/run.sh: do the Debian packages install, upgrade and go as they should? Sourced by tests/run.
# In a root of their own (build/package/root), which is why this needs root.

package_base=$(pwd)/build/package/base
package_root=$(pwd)/build/package/root
package_debs=$(pwd)/build/package/debs

make_packages() {
  configure package && cmake --build build/package -j "$jobs" || return 1
  rm -rf "$package_debs"
  mkdir -p "$package_debs"
  (cd build/package && cpack -G DEB -B "$package_debs" >cpack.log 2>&1) || { cat build/package/cpack.log; return 1; }
  ls "$package_debs"/tensorgate_*.deb "$package_debs"/libtensorgate-dev_*.deb
}

make_base() {
  [ -x "$package_base/usr/bin/apt-get" ] && return
  [ "$(id -u)" -eq 0 ] || { say "a root for the packages is made as root"; return 1; }
  package_mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
  rm -rf "$package_base"
  debootstrap --variant=minbase bookworm "$package_base" "${package_mirror:-http://deb.debian.org/debian}" >build/package/debootstrap.log 2>&1 || return 1
  cp /etc/resolv.conf "$package_base/etc/"
  cp -r /etc/apt/apt.conf.d/. "$package_base/etc/apt/apt.conf.d/"
  [ ! -e /etc/apt/sources.list.d/debian.sources ] || {
    cp /etc/apt/sources.list.d/debian.sources "$package_base/etc/apt/sources.list.d/"
    : >"$package_base/etc/apt/sources.list"
  }
  chroot "$package_base" apt-get -qq update
}

inside() { chroot "$package_root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

installs() {
  rm -rf --one-file-system "$package_root"
  cp -a --reflink=auto "$package_base" "$package_root"
  cp "$package_debs"/*.deb "$package_root/"
  inside sh -c 'apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends /tensorgate_*.deb /libtensorgate-dev_*.deb >/install.log 2>&1 || { cat /install.log; exit 1; }' || return 1
  inside sh -ec '
    id tensorgate >/dev/null
    test "$(stat -c "%U %a" /var/lib/tensorgate)" = "tensorgate 750"
    test -f /usr/include/tensorgate/core/abi.hpp && test -f /usr/share/cmake/tensorgate/tensorgate-config.cmake
    for program in /usr/bin/tensorgate-*; do
      "$program" --version
      name=${program##*/tensorgate-}
      test -f "/etc/tensorgate/$name.toml"
      test -f "/lib/systemd/system/tensorgate-$name.service"
      grep -qx "/etc/tensorgate/$name.toml" /var/lib/dpkg/info/tensorgate.conffiles
    done'
}

# A later version whose shipped configuration differs, too.
make_later() {
  rm -rf build/package/later
  dpkg-deb -R "$package_debs"/tensorgate_*.deb build/package/later &&
    sed -i 's/^Version: .*/Version: 99.0/' build/package/later/DEBIAN/control &&
    for one_config in build/package/later/etc/tensorgate/*.toml; do echo '# a later version' >>"$one_config"; done &&
    dpkg-deb --root-owner-group -b build/package/later "$package_root/later.deb" >/dev/null
}

keeps_configuration() {
  inside sh -ec '
    for config in /etc/tensorgate/*.toml; do echo "# edited here" >>"$config"; done
    dpkg -i /tensorgate_*.deb >/upgrade.log 2>&1
    for config in /etc/tensorgate/*.toml; do grep -q "edited here" "$config"; done
    dpkg --force-confdef --force-confold -i /later.deb >>/upgrade.log 2>&1
    for config in /etc/tensorgate/*.toml; do
      grep -q "edited here" "$config"
      grep -q "a later version" "$config.dpkg-dist"
    done' || { cat "$package_root/upgrade.log"; return 1; }
}

goes() {
  inside sh -ec '
    dpkg --remove tensorgate >/remove.log 2>&1
    test -z "$(ls /usr/bin/tensorgate-* 2>/dev/null)"
    for config in /etc/tensorgate/*.toml; do grep -q "edited here" "$config"; done
    dpkg --purge tensorgate >>/remove.log 2>&1
    test ! -e /var/lib/tensorgate && test -z "$(ls /etc/tensorgate 2>/dev/null)"' || { cat "$package_root/remove.log"; return 1; }
}

# The Containerfile of an app, step by step in bare roots: what FROM names is the base, COPY and RUN are done as they say.
# FILE: leaves the last stage in build/package/stage.
container_steps() {
  stage=build/package/stage
  rm -rf --one-file-system "$stage" "$stage.build"
  awk '{ line = line $0 } /\\$/ { sub(/\\$/, "", line); next } { print line; line = "" }' "$1" >build/package/steps
  workdir=/
  while read -r instruction rest; do
    case $instruction in
      FROM)
        [ ! -d "$stage" ] || mv "$stage" "$stage.build"
        cp -a --reflink=auto "$package_base" "$stage" || return 1
        workdir=/ ;;
      WORKDIR) workdir=$rest && mkdir -p "$stage$workdir" ;;
      COPY)
        case $rest in
          --from=build*)
            # shellcheck disable=SC2086
            set -- $rest
            cp "$stage.build$2" "$stage$3" || return 1 ;;
          *) tar -c --exclude=./build --exclude=./.git . | tar -x -C "$stage$workdir" || return 1 ;;
        esac ;;
      RUN) unshare --mount --pid --fork --mount-proc="$stage/proc" chroot "$stage" /bin/sh -c "cd $workdir && $rest" \
        >build/package/step.log 2>&1 || { tail -n 30 build/package/step.log; return 1; } ;;
    esac
  done <build/package/steps
  chroot "$stage" /bin/sh -c 'for program in /usr/bin/tensorgate-*; do su -s /bin/sh tensorgate -c "$program --version" || exit 1; done'
}

one "the packages are made" make_packages &&
  one "a bare root is made" make_base &&
  one "they install; the user, units and configuration are there" installs &&
  one "a later version is made" make_later &&
  one "an upgrade keeps an edited configuration" keeps_configuration &&
  one "a removal keeps the configuration, a purge does not" goes

for containerfile in apps/*/packaging/Containerfile; do
  one "the steps of $containerfile run in bare roots" container_steps "$containerfile" || true
done
