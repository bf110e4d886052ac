#!/usr/bin/env bash
# From nothing to a Pareto front: installs what is missing, builds, and searches small image classifiers for this
# computer; ends with the front and where the models and the report lie. Run again it does only what is left.
# Arguments go to `paretoforge search`.
set -euo pipefail
cd "$(dirname "$0")"

./install-dependencies.sh
cmake --preset release
cmake --build --preset release --target paretoforge
exec build/release/experiments/paretoforge search configs/studies/quickstart.yaml "$@"
