#!/usr/bin/env bash
# How well the computer in front of you is predicted: host.sh [build folder] [folder of the measurements] [draws].
# Measures 400 networks each of three spaces in ONNX Runtime, float and int8 (stopped, it goes on where it stood; what
# is there already is not measured again), then fits on 200 of them and scores the other 200, for 20 draws of the 200.
# Prints a table: means over the draws. No model can be closer than the measurements are to each other: the last two
# columns are of 100 networks that were measured a second time.
set -euo pipefail
cd "$(dirname "$0")/../../.."
program=${1:-build/release}/experiments/paretoforge
folder=${2:-experiments/reports/predictors/host}
draws=${3:-20}
mkdir -p "$folder"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

spaces=(nasbench201 mobile audio_1d)
for space in "${spaces[@]}"; do
  "$program" measure "configs/spaces/$space.yaml" --device host --samples 400 --seed 1 --out "$folder/$space.csv"
done
for space in "${spaces[@]}"; do # later, so that minutes lie between
  "$program" measure "configs/spaces/$space.yaml" --device host --samples 100 --seed 1 --out "$folder/${space}_again.csv"
done

# column NAME FILE: the values of a column, one a line; no field before it may hold a comma.
column() {
  awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) at = i; next } { print $at }' "$2"
}
# apart METRIC SPACE: share of the networks measured twice that differ by at most 3 %, and the median difference, in %.
apart() {
  paste -d' ' <(column "$1" "$folder/$2.csv" | head -100) <(column "$1" "$folder/$2_again.csv") |
    awk 'NF == 2 { d = 100 * ($2 / $1 - 1); if (d < 0) d = -d; print d }' | sort -g |
    awk '{ n += $1 <= 3; all[NR] = $1 } END { printf "%.0f | %.1f", 100 * n / NR, all[int((NR + 1) / 2)] }'
}
# value KEY: a number of the JSON on the input.
value() { sed -n "s/.*\"$1\": \([0-9.e+-]*\).*/\1/p"; }

echo "| space | metric | within 10 %, % | in the 90 % interval, % | its median width, % | Spearman | twice within 3 %, % | median difference, % |"
echo "|---|---|---|---|---|---|---|---|"
for space in "${spaces[@]}"; do
  for metric in latency_ms float_latency_ms; do
    for seed in $(seq "$draws"); do
      "$program" fit "$folder/$space.csv" --space "configs/spaces/$space.yaml" --metric $metric --train 200 --seed "$seed" \
        --out "$temporary/device.yaml" --json 2>/dev/null >"$temporary/fit.json"
      for key in within_10_pct coverage_90_pct width_90_pct spearman; do value $key <"$temporary/fit.json"; done | paste -sd' '
    done | awk -v name="$space | $metric" '{ for (i = 1; i <= 4; ++i) sum[i] += $i }
      END { printf "| %s | %.1f | %.1f | %.1f | %.4f ", name, sum[1] / NR, sum[2] / NR, sum[3] / NR, sum[4] / NR }'
    echo "| $(apart $metric "$space") |"
  done
done
