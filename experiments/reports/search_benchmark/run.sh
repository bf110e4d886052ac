#!/usr/bin/env bash
# Runs the whole benchmark and writes its page: run.sh [build folder]. Needs a release build with the target
# search_benchmark, and PARETOFORGE_DATA. Goes on where it was stopped; remove the results to begin again.
set -euo pipefail
cd "$(dirname "$0")/../../.."
build=${1:-build/release}
program=$build/experiments/reports/search_benchmark/search_benchmark
"$program" --out "$build/search_benchmark.csv"
"$program" --out "$build/search_benchmark.csv" --page experiments/reports/search_benchmark
