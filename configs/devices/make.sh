#!/usr/bin/env bash
# Makes the device files here from published measurements: make.sh [build folder], with PARETOFORGE_DATA naming their
# folder. SOURCE.md says where they come from. The files hold fitted coefficients, never measured rows.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/release}/experiments/paretoforge
: "${PARETOFORGE_DATA:?names the folder with the measurements}"

# fit TABLE SPACE METRIC DEVICE DESCRIPTION [OPTION]...
fit() {
  "$program" fit "$1" --space "configs/spaces/$2.yaml" --metric "$3" --out "configs/devices/$4.yaml" \
    --description "$5" "${@:6}"
}

rm -f configs/devices/*.yaml # metrics are added to a file that is there, whatever its version
for metric in latency_ms energy_mj; do
  fit "$PARETOFORGE_DATA/nrf5340/measurements.csv" nasbench201 $metric nrf5340 "Nordic nRF5340 (Arm Cortex-M33), int8, NAS-Bench-201 networks"
done
# Our own: what experiments/reports/predictors/host.sh measured on the computer this was built on.
for space in mobile audio_1d; do
  for metric in latency_ms float_latency_ms; do
    fit experiments/reports/predictors/host/$space.csv $space $metric epyc_zen4_$space \
      "AMD EPYC (Zen 4), one thread of ONNX Runtime 1.30; latency_ms is int8, float_latency_ms float" --train 200
  done
done
# HELP's nine known devices: what `fit --from` learns a new one from.
for device in 1080ti_1 1080ti_32 1080ti_256 silver_4114 silver_4210r samsung_a50 pixel3 essential_ph_1 samsung_s7; do
  fit "$PARETOFORGE_DATA/nasbench201/latency_by_device.csv" nasbench201 ${device}_latency_ms $device "HELP's $device, NAS-Bench-201 networks" \
    --train 900 --model gaussian_process
  at=${device/256/64}
  fit "$PARETOFORGE_DATA/fbnet/latency_by_device.csv" fbnet ${at}_latency_ms ${at}_fbnet "HELP's $at, FBNet networks" \
    --train 900 --model gaussian_process
done
