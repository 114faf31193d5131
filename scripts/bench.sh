#!/usr/bin/env bash
# bench.sh: lists the benchmarks with the first line of their comment. bench.sh NAME [ARGUMENT...]: builds and runs one.
# Those in Python measure beside other runtimes: these are installed, and the usual networks made, first.
set -euo pipefail
cd "$(dirname "$0")/.."
list() {
  for file in tests/bench/*.cpp tests/bench/*.py; do
    [ -e "$file" ] || continue
    grep -q 'int main\|def main' "$file" || continue
    printf '  %-18s %s\n' "$(basename "${file%.*}")" "$(grep -m1 -E '^(//|#)' "$file" | sed 's,^\(//*<*\|#\) *,,')"
  done
}
if [ $# -eq 0 ]; then
  echo "Benchmarks (make bench NAME=x):"
  list
  exit
fi
name=$1
shift
if [ -e "tests/bench/$name.cpp" ]; then
  scripts/build.sh release "bench_$name" >&2
  exec "build/release/bench_$name" "$@"
elif [ -e "tests/bench/$name.py" ]; then
  scripts/setup.sh peers >&2
  build/venv/bin/python demo/make_zoo.py >&2
  scripts/build.sh release baton >&2
  scripts/build.sh release baton_contestant >&2
  exec build/venv/bin/python "tests/bench/$name.py" "$@"
fi
echo "bench: there is no benchmark '$name'. There are:" >&2
list >&2
exit 2
