#!/usr/bin/env bash
# Fuzzes one way in, or all one after the other: fuzz.sh [door|import|json|config] [SECONDS]. New inputs are kept in
# build/fuzz/found; what breaks something lies beside them and is named on the way out.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-all} seconds=${2:-60}
names=(door import json config)
[ "$which" = all ] || names=("$which")
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${names[@]/%/_fuzz}"
for name in "${names[@]}"; do
  found=build/fuzz/found/$name
  mkdir -p "$found"
  echo "fuzz: $name for $seconds s"
  build/fuzz/"${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=4096 \
    -artifact_prefix="$found-" -print_final_stats=1 "$found" "tests/fuzz/corpus/$name" 2>&1 | tail -n 12
done
