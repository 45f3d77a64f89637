#!/bin/sh
# Installs what the wide checks need beyond Node: QEMU as the reference machine, the cross compiler, the device tree compiler, trace-cmd, and
# Linux's sources with the tools that build them. Quick when all is there already. Works as root or through sudo.
set -eu

packages='
  qemu-system-ppc qemu-user
  gcc-powerpc-linux-gnu binutils-powerpc-linux-gnu
  device-tree-compiler
  trace-cmd
  linux-source-6.12 linux-source-6.1
  make gcc libc6-dev bc bison flex xz-utils
'

fail() {
  echo "install-wide-tools: $1" >&2
  exit 2
}

command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1 ||
  fail 'the wide checks need a Debian system with apt, because the Linux guests are built from its linux-source packages.'

missing=
for package in $packages; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo 'install-wide-tools: everything is there already.' >&2
  exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1; then
  as_root=sudo
else
  fail "run this as root or install sudo, so that apt can install:$missing."
fi

echo "install-wide-tools: installing$missing" >&2
# Recommended packages would bring in a desktop's worth of libraries with QEMU. A lock held by another apt is waited for.
apt_get() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}
apt_get update
# The list is words on purpose.
# shellcheck disable=SC2086
apt_get install --yes --no-install-recommends $missing ||
  fail "apt could not install$missing: linux-source-6.12 needs Debian 12 with its security or backports archive, or Debian 13."
