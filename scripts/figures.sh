#!/usr/bin/env bash
# figures.sh [NAME...]: runs the benchmarks of the README's tables (or those named), keeps what they print in
# docs/figures/NAME.txt, and writes the tables. ROUNDS=N of the environment makes a run shorter or longer, and is noted.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
  set -- decisions engine goodput http layers metrics ort preempt_delay seed
fi
mkdir -p docs/figures
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
for name in "$@"; do
  echo "figures: $name"
  made=$(mktemp)
  trap 'rm -f "$made"' EXIT
  {
    echo "command: ${ROUNDS:+ROUNDS=$ROUNDS }make bench NAME=$name"
    echo "processor: $(nproc) cores of ${model:-an unnamed processor}"
    echo "date: $(date -u +%F)"
    echo "load: $(cut -d ' ' -f 1 /proc/loadavg) before it began"
    scripts/bench.sh "$name"
  } >"$made"
  cat "$made" >"docs/figures/$name.txt" # only what came to its end
  rm -f "$made"
done
python3 scripts/performance_table.py
