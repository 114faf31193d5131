#!/usr/bin/env bash
# Packs the GPU check and runs it on the stand-in: whole_check.sh BUILD. Whether all of it works, not how fast.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1 to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
"$top/scripts/gpu_check.sh" pack --from "$build" --to "$to/packed" --without-plugin --small
tar -C "$to" -xzf "$to/packed.tar.gz"
cd "$to"
export ROUNDS=2
packed/gpu_check.sh run --small --cuda-plugin "$build/libbaton_cuda_standin.so" --out "$to/out" --results "$to/results.md"
for step in conformance answers server compare preempt overlap; do
  grep -q "^| $step | passed" "$to/results.md"
done
