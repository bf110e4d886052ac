#!/usr/bin/env bash
# Writes the tables of the cost predictors: run.sh [build folder] [--seeds N] [PART]..., see predictors_report.cpp.
# PARETOFORGE_DATA names the folder with the measurements. With 20 seeds all of it takes about an hour of one core.
set -euo pipefail
cd "$(dirname "$0")/../../.."
build=${1:-build/release}
shift || true
: "${PARETOFORGE_DATA:?names the folder with the measurements}"
"$build/tests/bench/bench_predictors_report" "$@"
