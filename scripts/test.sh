#!/usr/bin/env bash
# Runs the tests of build/$PRESET, those labelled $LABEL if it is set. Under TSan by default those of the rooms without
# actors and those labelled `tsan`: the actor framework is not instrumented, its threads give false reports. The label
# protocol has one thread only and would take an hour.
# The last line is ctest's count.
set -uo pipefail
cd "$(dirname "$0")/.."
preset=${PRESET:-release} label=${LABEL:-}
[ "$preset" = tsan ] && [ -z "$label" ] && label='(metadata|gpu|scheduling|tsan)'

arguments=(--preset "$preset" --no-tests=error --no-label-summary)
if [ -n "$label" ]; then
  arguments+=(-L "^$label\$")
else
  arguments+=(-LE '^nvcc$') # minutes of compiling, for those who change kernels
fi
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}

# Kernels measured to be fastest are kept here, not among the user's.
export XDG_CACHE_HOME=$PWD/build/$preset/cache

log=build/$preset/test.log
ctest "${arguments[@]}" </dev/null 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
echo "log: $log"
grep -E '^[0-9]+% tests passed' "$log" || echo "no tests were run${label:+: nothing has the label $label}"
exit "$status"
