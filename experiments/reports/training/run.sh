#!/bin/sh
# Training speed beside a plain Python loop of the same LibTorch: both one thread, by turns, so that a busy machine
# slows both. Prints a table of medians; README.md says what is compared.  usage: run.sh [ROUNDS] [PRESET] [NETWORK...]
set -eu
rounds=${1:-5}
preset=${2:-release}
[ $# -le 2 ] && set -- '' '' resnet8 depthwise_50k depthwise_8_16_32 mbconv_5x5
shift 2
here=$(cd "$(dirname "$0")" && pwd)
bench=$here/../../../build/$preset/tests/trainers/bench_trainers
python=/usr/bin/python3
log=$(mktemp)
trap 'rm -f "$log"' EXIT

$python -c 'import torch; print("PyTorch", torch.__version__)'
grep -m 1 'model name' /proc/cpuinfo || true
for round in $(seq "$rounds"); do
  for network in "$@"; do
    theirs=$($python "$here/loop.py" $network | awk '{print $2}')
    $bench $network | while read -r row ours half; do
      echo "$row $theirs $ours $half" | tee -a "$log" >&2
    done
  done
done
column() { grep "^$1 " "$log" | awk "{v = $2; if (v + 0 > 0) print v}" | sort -g; }  # "-": not on this processor
middle() { awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
ratio() {  # median (least to greatest) of a column over the loop's
  found=$(column "$1" "$2 / \$2")
  [ -n "$found" ] || return 0
  printf '%.2f (%.2f to %.2f)' "$(echo "$found" | middle)" "$(echo "$found" | head -1)" "$(echo "$found" | tail -1)"
}
echo "| network | Python loop, images per CPU-second | float32 | times the loop, median (least to greatest) | bfloat16 | times the loop | two at once |"
echo "|---|---|---|---|---|---|---|"
$bench --two "$@" | while read -r row two; do
  printf '| %s | %.0f | %.0f | %s | %.0f | %s | %s |\n' "$row" "$(column "$row" '$2' | middle)" \
    "$(column "$row" '$3' | middle)" "$(ratio "$row" '$3')" "$(column "$row" '$4' | middle)" "$(ratio "$row" '$4')" "$two"
done
