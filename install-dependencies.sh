#!/usr/bin/env bash
# Installs what the build needs and is missing: Debian packages, and ONNX Runtime from npm.
# install-dependencies.sh [light] [tests]     light leaves LibTorch out; tests adds what only tests and `measure` on
#                                             emulated microcontrollers need: 111 MB to fetch, 919 MB installed
# Where nothing is missing it does nothing and needs neither root nor a network.
set -euo pipefail
cd "$(dirname "$0")"

onnxruntime='onnxruntime-node@1.30.0'
packages=(build-essential cmake ninja-build ccache git
  libeigen3-dev libboost-graph-dev libtbb-dev libyaml-cpp-dev libonnx-dev libprotobuf-dev protobuf-compiler
  libsqlite3-dev libcli11-dev nlohmann-json3-dev zlib1g-dev libssl-dev
  catch2 dataset-fashion-mnist)
[[ " $* " == *" light "* ]] || packages+=(libtorch-dev libopenblas0)
[[ " $* " != *" tests "* ]] || packages+=(gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm)

have_onnxruntime() {
  [ -n "${PARETOFORGE_ONNXRUNTIME:-}" ] || compgen -G 'node_modules/onnxruntime-node/bin/napi-v*/linux/*/libonnxruntime.so.1' >/dev/null
}
# npm also comes from elsewhere than Debian, and Debian's would then be in its way.
have_onnxruntime || command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [[ $status == *" installed" ]] || missing+=("$package")
done

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
  "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
fi

if ! have_onnxruntime; then
  echo "installing $onnxruntime" >&2
  # Its install script would download what a CPU does not need.
  npm install --prefix . --ignore-scripts --no-save --no-package-lock --no-audit --no-fund "$onnxruntime"
fi
