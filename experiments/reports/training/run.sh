#!/bin/sh
# Training speed beside a plain Python loop of the same LibTorch: both one thread, by turns, so that a busy machine
# slows both. Prints a table of medians; README.md says what is compared.  usage: run.sh [ROUNDS] [PRESET]
set -eu
rounds=${1:-5}
here=$(cd "$(dirname "$0")" && pwd)
bench=$here/../../../build/${2:-release}/tests/trainers/bench_trainers
python=/usr/bin/python3
log=$(mktemp)
trap 'rm -f "$log"' EXIT

$python -c 'import torch; print("PyTorch", torch.__version__)'
for round in $(seq "$rounds"); do
  for network in resnet8 depthwise_50k depthwise_8_16_32; do
    theirs=$($python "$here/loop.py" $network | awk '{print $2}')
    $bench $network | while read -r row ours; do
      echo "$row $theirs $ours" | tee -a "$log" >&2
    done
  done
done
echo "| network | Python loop, images per CPU-second | Paretoforge | ratio, median (least to greatest) |"
echo "|---|---|---|---|"
for row in $(awk '!seen[$1]++ {print $1}' "$log"); do
  column() { grep "^$row " "$log" | awk "{print $1}" | sort -g; }
  middle() { awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
  ratios=$(column '$3 / $2')
  printf '| %s | %.0f | %.0f | %.2f (%.2f to %.2f) |\n' "$row" "$(column '$2' | middle)" "$(column '$3' | middle)" \
    "$(echo "$ratios" | middle)" "$(echo "$ratios" | head -1)" "$(echo "$ratios" | tail -1)"
done
