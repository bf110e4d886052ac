#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: test.sh [release|dev|asan|light]
set -euo pipefail
cd "$(dirname "$0")"
preset=${1:-release}

./install-dependencies.sh "$preset" tests
cmake --preset "$preset"
cmake --build --preset "$preset"
exec ctest --preset "$preset"
