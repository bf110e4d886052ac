#!/usr/bin/env bash
# Prints the figures of README.md beside it: figures.sh [build folder]. Needs a release build, and PARETOFORGE_DATA for
# the published benchmarks. Takes about six minutes beside the quickstart, which it starts where it has not run.
set -euo pipefail
cd "$(dirname "$0")/../../.."
build=${1:-build/release}
program=$build/experiments/paretoforge
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "== the quickstart's models"
[ -f runs/quickstart/models.json ] || "$program" search configs/studies/quickstart.yaml
"$program" search configs/studies/quickstart.yaml --quiet
"$program" verify runs/quickstart/bundle

echo "== the host's predictor, fitted on 120 networks, on 200 it has not seen"
"$program" measure configs/spaces/tiny_image.yaml --device host --samples 320 --seed 7 --quiet --out "$scratch/host.csv"
for metric in latency_ms float_latency_ms; do
  "$program" fit "$scratch/host.csv" --space configs/spaces/tiny_image.yaml --metric $metric --train 120 --out "$scratch/host.yaml"
done

if [ -n "${PARETOFORGE_DATA:-}" ]; then
  echo "== NAS-Bench-201: rows whose MACs or parameters differ from the benchmark's, to the digits given there"
  table=$PARETOFORGE_DATA/nasbench201/accuracy_cifar10.csv
  time "$program" describe configs/spaces/nasbench201.yaml --table "$table" --out "$scratch/totals.csv"
  paste -d, "$table" "$scratch/totals.csv" | awk -F, '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    { rows++; macs = sprintf("%.6g", $column["macs_as_written"] / 1e6); params = sprintf("%.6g", $column["params_as_written"] / 1e6)
      wrong += macs != $column["flops_m"] || params != $column["params_m"] }
    END { print wrong + 0, "of", rows }'
fi

echo "== speed"
"$build/tests/bench/bench_space"
"$build/tests/bench/bench_search"

echo "== the same trials with one thread, with two, and killed twenty times"
"$build/tests/experiments/test_experiments" "one thread, two threads, and twenty kills at random moments give the same trials"
