#!/usr/bin/env bash
# Configures a preset if need be and builds one target of it: build.sh PRESET TARGET
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 target=$2
if ! out=$(cmake --preset "$preset" 2>&1); then
  echo "$out" >&2
  exit 1
fi
cmake --build --preset "$preset" --target "$target"
