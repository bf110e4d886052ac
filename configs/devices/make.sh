#!/usr/bin/env bash
# Makes the device files here from published measurements: make.sh [build folder], with PARETOFORGE_DATA naming their
# folder. SOURCE.md says where they come from. The files hold fitted coefficients, never measured rows.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/release}/experiments/paretoforge
: "${PARETOFORGE_DATA:?names the folder with the measurements}"
rm -f configs/devices/nrf5340.yaml  # metrics are added to a file that is there, whatever its version
for metric in latency_ms energy_mj; do
  "$program" fit "$PARETOFORGE_DATA/nrf5340/measurements.csv" --space configs/spaces/nasbench201.yaml --metric $metric \
    --description "Nordic nRF5340 (Arm Cortex-M33), int8, NAS-Bench-201 networks" --out configs/devices/nrf5340.yaml
done
