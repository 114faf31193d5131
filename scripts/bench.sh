#!/usr/bin/env bash
# bench.sh: lists the benchmarks with the first line of their comment. bench.sh NAME [ARGUMENT...]: builds and runs one.
set -euo pipefail
cd "$(dirname "$0")/.."
list() {
  for file in tests/bench/*.cpp; do
    [ -e "$file" ] || continue
    grep -q 'int main' "$file" || continue
    printf '  %-18s %s\n' "$(basename "$file" .cpp)" "$(grep -m1 -E '^//' "$file" | sed 's,^//*<* *,,')"
  done
}
if [ $# -eq 0 ]; then
  echo "Benchmarks (make bench NAME=x):"
  list
  exit
fi
name=$1
shift
if [ ! -e "tests/bench/$name.cpp" ]; then
  echo "bench: there is no benchmark '$name'. There are:" >&2
  list >&2
  exit 2
fi
scripts/build.sh release "bench_$name"
exec "build/release/bench_$name" "$@"
