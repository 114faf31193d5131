#!/usr/bin/env bash
# Takes the CUDA backend to a machine with a GPU, checks it there and measures it: no network, none of our packages.
#   gpu_check.sh pack [OPTION...]         here: builds, and makes build/gpu_check and build/gpu_check.tar.gz of what it needs
#     --from DIR --to DIR  nothing is built, the programs are there; another folder
#     --without-plugin, --small   for the stand-in: no plugin for cards, no answers of large models
#   gpu_check.sh run [OPTION...]          there, in the unpacked folder (or here: that of build/gpu_check)
#     --out DIR            logs, figures and the table (gpu_check_results)
#     --results FILE       the table is appended to it, as to docs/gpu-results.md
#     --cuda-plugin FILE   another plugin, as the stand-in's, and with --small little models and few rounds
#     --steps A,B          only these, of: conformance answers compare preempt overlap server sanitizer
# Exits 1 if a step failed; a step that cannot be made there is left out with a sentence. GPU_CHECK_SECONDS is what all
# steps together may take (520).
set -uo pipefail
self=$(readlink -f "$0")
home=$(dirname "$self")
[ -d "$home/bin" ] || home=$(dirname "$home")/build/gpu_check # in the repository

fail() { echo "gpu_check: $1" >&2; exit "${2:-1}"; }

# -- pack -------------------------------------------------------------------------------------------------------------

pack() {
  local top=${home%/build/gpu_check} from='' to=$home plugin=1 sizes=('' --small) size
  while [ $# -gt 0 ]; do
    case $1 in
      --from) from=$(readlink -f "$2") && shift ;;
      --to) to=$2 && shift ;;
      --small) sizes=(--small) ;;
      --without-plugin) plugin='' ;;
      *) fail "unknown option '$1'" 2 ;;
    esac
    shift
  done
  mkdir -p "$to" && to=$(readlink -f "$to") && cd "$top" || exit 1
  if [ -z "$from" ]; then
    from=$top/build/release
    local target
    for target in gpu_check gpu_check_record baton; do
      scripts/build.sh release $target || fail "$target does not build"
    done
    [ -z "$plugin" ] || scripts/build.sh release baton_cuda ||
      fail "the plugin does not build: the CUDA toolkit 13 and cuDNN 9 are needed (make setup CUDA=1)"
  fi
  rm -rf "${to:?}"/*
  mkdir -p "$to/bin" "$to/src/include/catch2" "$to/src/include/tl"
  cp "$from/gpu_check" ${plugin:+"$from/libbaton_cuda.so"} "$to/bin/"
  strip "$to"/bin/*
  cp scripts/gpu_check.sh tests/gpu_check/*.py "$to/"
  pack_program "$from" "$to" "${sizes[0]}" || fail "the program could not be packed"
  # What it takes to build both anew there, if these do not start. Nothing of it reads ONNX files or keeps a store.
  cp --parents -r gpu/*.?pp gpu/cuda scheduling/*.hpp scheduling/{run_queue*,text_archive}.cpp metadata/*.?pp \
    tests/conformance tests/support tests/gpu_check tests/bench/measure.?pp actors/defaults.hpp "$to/src/"
  rm -f "$to"/src/{gpu/machine,gpu/device_spec,metadata/onnx_import,metadata/store,metadata/tensor_pb,tests/gpu_check/record}.cpp
  cp /usr/include/catch2/catch.hpp "$to/src/include/catch2/"
  cp /usr/include/tl/expected.hpp "$to/src/include/tl/"
  for size in "${sizes[@]}"; do
    "$from/gpu_check_record" "$to/answers" $size || fail "the answers could not be recorded"
  done
  echo "$(git rev-parse --short HEAD)$(git diff --quiet HEAD || echo ' and changes')" >"$to/commit"
  tar -C "$(dirname "$to")" -czf "$to.tar.gz" "$(basename "$to")"
  echo "gpu_check: packed $to.tar.gz, $(du -k "$to.tar.gz" | cut -f1) KiB"
}

# pack_program FROM TO [--small]: the program with its libraries but those that every system has, and models in little space.
pack_program() {
  local from=$1 to=$2 small=$3 name
  mkdir -p "$to/lib"
  cp "$from/baton" "$to/bin/" && strip "$to/bin/baton"
  ldd "$from/baton" | awk '$3 ~ /^\// { print $3 }' |
    grep -vE '/(libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s)\.so' | xargs cp -Lt "$to/lib/" || return 1
  cp -r demo/models "$to/models"
  [ -z "$small" ] || return 0
  for name in alexnet tiny_yolo; do
    mkdir -p "$to/models/$name/1" && cp "demo/models_json/$name.json" "$to/models/$name/1/model.json" || return 1
  done
}

# -- steps of a run ---------------------------------------------------------------------------------------------------

began=$SECONDS
seconds_left() { echo $((${GPU_CHECK_SECONDS:-520} - (SECONDS - began))); }
wanted() { [ -z "$steps" ] || [ "$1" = rebuild ] || [[ ",$steps," == *",$1,"* ]]; }
note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$out/steps.tsv"; }

# step NAME SECONDS COMMAND...: within that time; its output is kept in a log.
step() {
  local name=$1 limit=$2 from=$SECONDS status
  shift 2
  wanted "$name" || return 0
  [ "$limit" -lt "$(seconds_left)" ] || limit=$(seconds_left)
  if [ "$limit" -lt 5 ]; then
    note "$name" "FAILED: no time was left" 0
    return 1
  fi
  echo "gpu_check: $name (at most $limit s)"
  timeout -k 5 "$limit" "$@" >"$out/$name.log" 2>&1
  status=$?
  case $status in
    0) note "$name" passed $((SECONDS - from)) ;;
    124 | 137) note "$name" "FAILED: not done in $limit s" $((SECONDS - from)) ;;
    *) note "$name" "FAILED: exit code $status" $((SECONDS - from)) ;;
  esac
  [ $status = 0 ] || tail -n 15 "$out/$name.log"
  return $status
}
skip() { ! wanted "$1" || note "$1" "left out: $2" 0; }

# Folders where cuDNN 9 and cuBLASLt 13 may lie: PyTorch's, then the toolkit's.
library_folders() {
  python3 - <<'PY' 2>/dev/null
import glob, site, sysconfig
roots = dict.fromkeys([*site.getsitepackages(), site.getusersitepackages(), *sysconfig.get_paths().values()])
found = [f for r in roots for p in ("nvidia/*/lib", "torch/lib") for f in sorted(glob.glob(f"{r}/{p}"))]
for f in dict.fromkeys(found):
    if glob.glob(f"{f}/libcudnn.so.9") or glob.glob(f"{f}/libcublasLt.so.13"):
        print(f)
PY
  for folder in /usr/local/cuda*/lib64 /usr/lib/x86_64-linux-gnu; do
    if [ -e "$folder/libcudnn.so.9" ] || [ -e "$folder/libcublasLt.so.13" ]; then echo "$folder"; fi
  done
}

versions() {
  echo "check: $(cat "$home/commit" 2>/dev/null || echo 'a working tree')"
  echo "date: $(date -u +%F)"
  echo "system: $(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}"), $(ldd --version | head -n 1)"
  nvidia-smi --query-gpu=name,driver_version,power.limit,clocks.max.sm --format=csv,noheader 2>/dev/null |
    sed 's/^/driver says: /'
  nvcc --version 2>/dev/null | sed -n 's/^Cuda compilation tools, /nvcc: /p'
  python3 -c 'import torch; print("torch:", torch.__version__, "CUDA", torch.version.cuda, "cuDNN", torch.backends.cudnn.version())' \
    2>/dev/null || echo "torch: none"
  echo "libraries: ${BATON_CUDA_LIBS:-those of the system}"
}

cards() { "$bin/gpu_check" cards "${plugin[@]}" >"$out/cards.log" 2>&1; }

# The packed program and plugin, as they are or built anew: fills in `cards.log`.
start() {
  cards && return
  if LD_LIBRARY_PATH=${BATON_CUDA_LIBS:-} cards; then
    echo "gpu_check: starts only with LD_LIBRARY_PATH; BATON_CUDA_LIBS alone should do" | tee -a "$out/cards.log"
    export LD_LIBRARY_PATH=$BATON_CUDA_LIBS
    return
  fi
  cat "$out/cards.log"
  grep -qE 'GLIBC|CXXABI|cannot execute|not found \(required' "$out/cards.log" || return 1
  command -v nvcc >/dev/null || return 1
  echo "gpu_check: building anew, some minutes"
  bin=$out/rebuilt
  step rebuild 300 bash "$self" rebuild-into "$bin" && cards
}

# rebuild_into DIR: the program and the plugin for the card at hand.
rebuild_into() {
  local to=$1 src=$home/src cuda
  cuda=$(dirname "$(dirname "$(readlink -f "$(command -v nvcc)")")")
  mkdir -p "$to/objects"
  cd "$src" || return 1
  local roots=("$cuda") folder
  for folder in ${BATON_CUDA_LIBS//:/ }; do roots+=("$(dirname "$folder")"); done
  local includes=(-I "$src" -isystem "$src/include")
  for folder in "${roots[@]}"; do includes+=(-isystem "$folder/include" -isystem "$folder/include/cccl"); done
  find . -name '*.cu' -o -name '*.cpp' | sort | xargs -P "$(nproc)" -I FILE bash -c '
    to=$1/FILE.o arch=$2
    shift 2
    mkdir -p "$(dirname "$to")"
    case FILE in
      *.cu) nvcc -std=c++20 -O2 --expt-relaxed-constexpr -Xcompiler=-fPIC -arch="$arch" "$@" -c FILE -o "$to" ;;
      *) g++ -std=c++20 -O2 -fPIC -w "$@" -c FILE -o "$to" ;;
    esac || exit 255' _ "$to/objects" "${GPU_CHECK_ARCH:-native}" "${includes[@]}" || return 1
  cd "$to/objects" || return 1
  rm -f rooms.a
  ar rc rooms.a metadata/*.o scheduling/*.o gpu/*.o
  local libraries=() name
  for name in libcudnn.so.9 libcublasLt.so.13; do
    for folder in ${BATON_CUDA_LIBS//:/ } /usr/lib/x86_64-linux-gnu; do
      if [ -e "$folder/$name" ]; then libraries+=("$folder/$name") && break; fi
    done
  done
  g++ -o "$to/gpu_check" tests/*/*.o rooms.a -ldl -lpthread &&
    g++ -shared -o "$to/libbaton_cuda.so" gpu/cuda/*.o rooms.a -Wl,--version-script="$src/gpu/cuda/plugin.map" \
      "${libraries[@]}" "$(find -L "$cuda" -name libcudart_static.a | head -n 1)" -ldl -lpthread -lrt
}

# The suite in several processes: building plans waits a lot.
conformance() {
  local shards=8 i failed=0 pids=()
  "$bin/gpu_check" conformance --list-test-names-only >"$out/names.txt" # exits with their number
  [ -s "$out/names.txt" ] || return 1
  [ "$small" ] && grep -E "${GPU_CHECK_FILTER:-softmax|LSTM|whole models}" "$out/names.txt" >"$out/few.txt" &&
    mv "$out/few.txt" "$out/names.txt"
  sed -i 's/,/\\,/g' "$out/names.txt" # a comma would end a name
  for ((i = 0; i < shards; ++i)); do
    awk -v n=$shards -v i=$i 'NR % n == i' "$out/names.txt" >"$out/names.$i.txt"
    [ -s "$out/names.$i.txt" ] || continue
    "$bin/gpu_check" conformance "${plugin[@]}" -f "$out/names.$i.txt" >"$out/conformance.$i.log" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || failed=1; done
  cat "$out"/conformance.?.log
  echo "figure conformance.test_cases $(wc -l <"$out/names.txt") cases"
  return $failed
}

sanitizer() {
  local tool=$1
  "$tool" --tool memcheck --report-api-errors no --error-exitcode 9 \
    "$bin/gpu_check" answers --small "${plugin[@]}" "$home/answers" &&
    "$tool" --tool racecheck --error-exitcode 9 "$bin/gpu_check" conformance "${plugin[@]}" "softmax*"
}
find_sanitizer() {
  command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer "$home/bin/compute-sanitizer" 2>/dev/null |
    head -n 1 | grep .
}

run() {
  out=gpu_check_results results='' small='' steps='' plugin=()
  while [ $# -gt 0 ]; do
    case $1 in
      --out) out=$2 && shift ;;
      --results) results=$2 && shift ;;
      --cuda-plugin) plugin=(--cuda-plugin "$(readlink -f "$2")") && shift ;;
      --small) small=--small ;;
      --steps) steps=$2 && shift ;;
      *) fail "unknown option '$1'" 2 ;;
    esac
    shift
  done
  [ -d "$home/bin" ] || fail "there is no $home/bin: 'gpu_check.sh pack' makes it"
  mkdir -p "$out" && out=$(readlink -f "$out") && rm -f "$out/steps.tsv"
  bin=$home/bin
  # Not for a plugin that brings its own: what is opened first is what it would be bound to.
  [ -n "${BATON_CUDA_LIBS:-}${plugin[*]}" ] || BATON_CUDA_LIBS=$(library_folders | paste -sd:)
  export BATON_CUDA_LIBS=${BATON_CUDA_LIBS:-}
  versions | tee "$out/versions.txt"
  if start; then
    cat "$out/cards.log"
    measure
  else
    cat "$out/cards.log"
    note start "FAILED: $(tail -n 1 "$out/cards.log")" 0
  fi
  echo
  python3 "$home/report.py" "$out" ${results:+--append "$results"} || cat "$out/steps.tsv"
  ! grep -q FAILED "$out/steps.tsv"
}

measure() {
  local tool seconds=60
  [ -z "$small" ] || seconds=1
  export out bin small home plugin_file="${plugin[1]:-}"
  step conformance 170 bash "$self" in-run conformance
  step answers 60 "$bin/gpu_check" answers $small "${plugin[@]}" "$home/answers"
  # Building plans, the captured graphs among them, takes most of it.
  step compare 150 python3 "$home/compare.py" "$bin/gpu_check" $seconds $small "${plugin[@]}"
  step preempt 45 "$bin/gpu_check" preempt $small "${plugin[@]}"
  step overlap 90 "$bin/gpu_check" overlap $small "${plugin[@]}"
  if LD_LIBRARY_PATH=$home/lib "$home/bin/baton" --version >/dev/null 2>&1; then
    local of=("${plugin[@]}")
    [ "$bin" = "$home/bin" ] || of=(--cuda-plugin "$bin/libbaton_cuda.so") # it had to be built anew
    step server 90 python3 "$home/server.py" "$home" $small "${of[@]}"
  else
    skip server "the program does not start here"
  fi
  if [ -n "$small" ]; then
    skip sanitizer "it is about cards"
  elif tool=$(find_sanitizer); then
    step sanitizer 90 bash "$self" in-run sanitizer "$tool"
  else
    skip sanitizer "there is no compute-sanitizer here"
  fi
}

case ${1:-} in
  pack) shift && pack "$@" ;;
  run) shift && run "$@" ;;
  rebuild-into) rebuild_into "$2" ;;
  in-run) # a step of several commands, under its own time limit
    shift
    plugin=(${plugin_file:+--cuda-plugin "$plugin_file"})
    "$@"
    ;;
  *) sed -n '2,/^set/p' "$self" | sed '$d; s/^# \{0,1\}//' && exit 2 ;;
esac
