#!/usr/bin/env bash
# Installs what the build needs and is missing: Debian packages, and ONNX Runtime and LiteRT from npm.
# install-dependencies.sh [light] [tests]     light leaves LibTorch out; tests adds what only tests and `measure` on
#                                             emulated microcontrollers need, LiteRT and Arm NN: 125 MB to fetch,
#                                             963 MB installed
# Where nothing is missing it does nothing and needs neither root nor a network.
set -euo pipefail
cd "$(dirname "$0")"

onnxruntime='onnxruntime-node@1.30.0'
litert='@litertjs/core@2.5.3'
packages=(build-essential cmake ninja-build ccache git
  libeigen3-dev libboost-graph-dev libtbb-dev libyaml-cpp-dev libonnx-dev libprotobuf-dev protobuf-compiler
  libsqlite3-dev libcli11-dev nlohmann-json3-dev zlib1g-dev libssl-dev
  libflatbuffers-dev catch2 dataset-fashion-mnist)
[[ " $* " == *" light "* ]] || packages+=(libtorch-dev libdnnl-dev libopenblas0 libgoogle-perftools-dev libpng-dev libjpeg-dev libzip-dev liblzma-dev)
tests=
if [[ " $* " == *" tests "* ]]; then
  tests=yes
  packages+=(gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)
fi

# Arm NN: the backend's package has the version of its interface in its name. Where a release has none, what needs it is
# skipped, and says so.
armnn_packages() {
  for pattern in '^libarmnn-dev$' '^libarmnntfliteparser-dev$' '^libarmnn-cpuref-backend[0-9]+$'; do
    apt-cache search --names-only "$pattern" 2>/dev/null | cut -d' ' -f1 | sort -V | tail -n 1
  done
}
have_onnxruntime() {
  [ -n "${PARETOFORGE_ONNXRUNTIME:-}" ] || compgen -G 'node_modules/onnxruntime-node/bin/napi-v*/linux/*/libonnxruntime.so.1' >/dev/null
}
have_litert() {
  [ -n "${PARETOFORGE_LITERT:-}" ] || [ -d node_modules/@litertjs/core/wasm ]
}
npm_packages=()
have_onnxruntime || npm_packages+=("$onnxruntime")
[ -z "$tests" ] || have_litert || npm_packages+=("$litert")
# npm also comes from elsewhere than Debian, and Debian's would then be in its way.
[ ${#npm_packages[@]} -eq 0 ] || command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
find_missing() {
  missing=()
  for package in "${packages[@]}" $([ -z "$tests" ] || armnn_packages); do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [[ $status == *" installed" ]] || missing+=("$package")
  done
}
find_missing

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: these packages are missing, and only root may install them:" >&2
      echo "   = apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}" >&2
  apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" "${apt[@]}" update
  find_missing  # once more: before, a fresh machine knows no names
  "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
fi

if [ ${#npm_packages[@]} -gt 0 ]; then
  echo "installing ${npm_packages[*]}" >&2
  # npm takes away what it is not told to keep.
  [ ! -d node_modules/onnxruntime-node ] || npm_packages+=("$onnxruntime")
  [ ! -d node_modules/@litertjs/core ] || npm_packages+=("$litert")
  # ONNX Runtime's install script would download what a CPU does not need.
  npm install --prefix . --ignore-scripts --no-save --no-package-lock --no-audit --no-fund "${npm_packages[@]}"
fi
