#!/usr/bin/env bash
# Fuzzes every reader, one after the other: run.sh SECONDS [READER...]
# (onnx, table, space, device; of data sets npy, csv, idx, records, picture, wav)
# Needs clang 14 or later with its libFuzzer. A finding ends the run; its file lies in build/fuzz and belongs, once the
# reader is mended, into tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?how many seconds for each reader}
shift
readers=("$@")
[ ${#readers[@]} -gt 0 ] || readers=(onnx table space device npy csv idx records picture wav)

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${readers[@]/#/fuzz_}"
for reader in "${readers[@]}"; do
  echo "fuzzing $reader for $seconds s"
  mkdir -p "build/fuzz/found/$reader"
  "build/fuzz/tests/fuzz/fuzz_$reader" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$reader-" "build/fuzz/found/$reader" "tests/fuzz/corpus/$reader"
done
echo "no finding"
