#!/usr/bin/env bash
# Writes README.md, the tables of the cost predictors: run.sh [build folder] [--seeds N] [PART]..., see main.cpp.
# PARETOFORGE_DATA names the folder with the measurements. It goes on where it was stopped: what results.csv holds is not
# done again; remove it to begin anew. All of it takes two hours of one core.
set -euo pipefail
cd "$(dirname "$0")/../../.."
build=${1:-build/release}
shift || true
: "${PARETOFORGE_DATA:?names the folder with the measurements}"
here=experiments/reports/predictors
"$build/tests/bench/bench_predictors_report" $here/results.csv $here/README.md "$@"
