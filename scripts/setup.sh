#!/usr/bin/env bash
# Installs what Baton needs on Debian 12, says what and why, and does nothing where all is there.
#   scripts/setup.sh          to build, run the demo and test
#   scripts/setup.sh check    also what `make check` needs
#   scripts/setup.sh fuzz     also what `make fuzz` needs
#   scripts/setup.sh train    also what `make train` needs
#   scripts/setup.sh peers    also what benchmarks beside other runtimes need
#   scripts/setup.sh cuda     also what the CUDA plugin needs, where there is no toolkit (`make setup CUDA=1`)
set -euo pipefail
cd "$(dirname "$0")/.."

# package: why
wanted='
g++: the C++20 compiler
cmake: configures the build
ninja-build: runs it
ccache: makes the second build quick
libcaf-dev: the actor framework
libdnnl-dev: oneDNN, the CPU kernels
ocl-icd-opencl-dev: the CMake file of oneDNN asks for it; not used
libonnx-dev: the schema of ONNX files
libprotobuf-dev: reads them
protobuf-compiler: found by the build with the former
libboost1.81-dev: Beast, for HTTP
libspdlog-dev: logs
libcli11-dev: the command line
nlohmann-json3-dev: JSON
libexpected-dev: errors as values
libstb-dev: reads PNG and JPEG
libglpk-dev: linear programs, for the lower bound of a study
libsqlite3-dev: keeps what was measured
prometheus-cpp-dev: metrics
zlib1g-dev: compressed bodies
libssl-dev: OpenSSL, for the actor framework and TLS
openssl: makes the certificates of a test
catch2: the tests
libonnx-testdata: the test models of ONNX operators
python3: makes the demo models and runs checks
python3-venv: keeps their Python packages apart
ca-certificates: to fetch those packages
curl: for the examples
'
for group in "$@"; do
  case $group in
    check) wanted+='
clang-format: checks the format
clang-tidy: checks the code
' ;;
    fuzz) wanted+='
clang: compiles the fuzzers
libclang-rt-14-dev: libFuzzer and its sanitizers
' ;;
    train | peers | cuda) ;;
    *) echo "setup: unknown group '$group' (there are: check, fuzz, train, peers, cuda)" >&2; exit 2 ;;
  esac
done

[ "$(. /etc/os-release && echo "${ID:-}${VERSION_ID:-}")" = debian12 ] ||
  echo "setup: this is not Debian 12; trying all the same"

missing=()
while IFS=: read -r package why; do
  [ -n "$package" ] || continue
  [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = 'install ok installed' ] && continue
  [ ${#missing[@]} -gt 0 ] || echo "setup: Debian packages to install"
  printf '  %-20s %s\n' "$package" "${why# }"
  missing+=("$package")
done <<<"$wanted"

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "setup: needs root for that. Run this, then the same make command again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  log=build/setup.log
  mkdir -p build
  echo "setup: installing ${#missing[@]} packages, about 1 GB on disk at most (log: $log)"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    echo "setup: apt-get failed, see $log" >&2
    exit 1
  }
fi

# The Python packages: a stamp says which list the environment was made from.
lists=(scripts/requirements.txt)
for group in "$@"; do
  [ "$group" = train ] || [ "$group" = peers ] && lists+=("scripts/requirements-$group.txt")
done
stamp=build/venv/.made-from
for requirements in "${lists[@]}"; do
  wanted_stamp=$(cat scripts/requirements.txt "$requirements" | sha256sum | cut -d' ' -f1)
  if ! grep -qsx "$requirements $wanted_stamp" "$stamp"; then
    echo "setup: Python packages into build/venv, from $requirements:"
    sed -n 's/^\([a-zA-Z._-]*\)==\(.*\)/  \1 \2/p' "$requirements"
    # The distribution's Python: others on the path may lack what a virtual environment needs.
    [ -x build/venv/bin/pip ] || /usr/bin/python3 -m venv build/venv
    build/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r "$requirements" </dev/null
    echo "$requirements $wanted_stamp" >>"$stamp"
  fi
done

# The CUDA toolkit and cuDNN: those of the system, else as Python packages, where cmake/baton_cuda.cmake looks too.
has_cuda() {
  local root
  for root in "${BATON_CUDA_ROOT:-}" "${CUDA_PATH:-}" "${CUDA_HOME:-}" /usr/local/cuda /usr; do
    [ -x "$root/bin/nvcc" ] && break
  done
  [ -x "$root/bin/nvcc" ] || command -v nvcc >/dev/null || return 1
  compgen -G "$root/include/cudnn.h" >/dev/null || compgen -G '/usr/include/*/cudnn.h' >/dev/null ||
    [ -e /usr/include/cudnn.h ]
}
if [[ " $* " == *" cuda "* ]]; then
  requirements=scripts/requirements-cuda.txt
  if has_cuda; then
    echo "setup: a CUDA toolkit and cuDNN are there"
  elif ! grep -qsx "$requirements $(sha256sum <"$requirements")" "$stamp"; then
    echo "setup: no CUDA toolkit with cuDNN here: Python packages into build/venv, 1 GB to fetch, 1.6 GB on disk:"
    sed -n 's/^\([^#]*[^ #]\)  *# \(.*\)/  \1: \2/p' "$requirements"
    build/venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off -r "$requirements" \
      </dev/null
    echo "$requirements $(sha256sum <"$requirements")" >>"$stamp"
  fi
fi
echo "setup: all there"
