#!/usr/bin/env bash
# Prints the figures of README.md beside it: run.sh [build folder]. Needs a release build, a C compiler, ONNX Runtime, and
# the data set fsdd in the folder that PARETOFORGE_DATA names. One thread, about ten minutes of one processor.
set -euo pipefail
cd "$(dirname "$0")/../../.."
program=${1:-build/release}/experiments/paretoforge
time "$program" search configs/studies/spoken_digits.yaml --threads 1
echo "== the front again, as ONNX and C"
"$program" export runs/spoken_digits --trials front --formats onnx,c --threads 1
"$program" verify runs/spoken_digits/export
