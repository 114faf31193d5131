#!/usr/bin/env bash
# Formats our C++ sources; with --check only says which are not as clang-format would have them, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -d '' sources < <(find metadata gpu scheduling actors apps tests \
  \( -name '*.cpp' -o -name '*.hpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 | sort -z)
if [ "${1:-}" = --check ]; then
  clang-format-14 --dry-run -Werror "${sources[@]}"
  echo "format: ${#sources[@]} files as they should be"
else
  clang-format-14 -i "${sources[@]}"
  echo "format: ${#sources[@]} files"
fi
