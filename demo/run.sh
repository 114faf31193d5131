#!/usr/bin/env bash
# The demo itself, on what `make demo` has built: a server with two CPU devices and three models, 20 s of mixed traffic,
# and an orderly end. Fails if an answer is wrong, a request fails or the server does not end with 0.
set -euo pipefail
cd "$(dirname "$0")/.."
baton=build/release/baton
seconds=${SECONDS_OF_LOAD:-20}
mkdir -p build/demo

log=build/demo/server.log

echo "demo: starting the server: three models, two devices of one core (log: $log)"
"$baton" serve --models build/models --devices cpu:2 --port 0 --policy priority --symbol S=64 \
  --engine-log build/demo/engine.log >"$log" 2>&1 </dev/null &
server=$!
trap 'kill -KILL "$server" 2>/dev/null || true' EXIT

fail() {
  echo "demo: $1; the end of $log:" >&2
  tail -n 20 "$log" >&2
  exit 1
}

url=
for _ in $(seq 600); do
  ready=$(grep -m1 '^baton: ready on' "$log" || true)
  if [ -n "$ready" ]; then
    url=$(sed 's/.*\(http:[^,]*\),.*/\1/' <<<"$ready")
    break
  fi
  kill -0 "$server" 2>/dev/null || fail "the server ended before it was ready"
  sleep 0.1
done
[ -n "$url" ] || fail "not ready after 60 s"
echo "demo: ${ready#baton: }"
case $ready in *" 3 of 3 models"*) ;; *) fail "not every model is ready" ;; esac

echo "demo: small urgent requests beside heavy ones for $seconds s; some are moved to the other device on their way"
result=0
"$baton" bench --url "$url" --mix demo/mix.json --seconds "$seconds" || result=$?

kill -TERM "$server" 2>/dev/null || true
ended=0
wait "$server" || ended=$?
trap - EXIT
[ "$ended" -eq 0 ] || fail "the server ended with $ended on SIGTERM, not 0"
[ "$result" -eq 0 ] || fail "the load generator ended with $result"

echo
echo "demo: a picture of a handwritten digit that no model has seen: demo/pictures/five.png"
"$baton" run build/models/digits_cnn/1/model.onnx --input image=demo/pictures/five.png --top 3 --no-table |
  tee build/demo/picture.log
grep -Eq '^ *1 +5 +five ' build/demo/picture.log || { echo "demo: the picture of a five was not read as a five" >&2; exit 1; }
echo

cat <<'NEXT'
demo: the server drained and ended with 0. The trained models' accuracy is that on held-out digits; ResNet-50 has random
weights, so "correct" means there: equal, bit for bit, to a run that nothing disturbed.

Try next:
  build/release/baton models show build/models/resnet50/1/model.onnx      its layers, FLOPs and live bytes
  build/release/baton run build/models/digits_cnn/1/model.onnx --input demo/pictures/eight.png --top 3
  build/release/baton run build/models/digits_lstm/1/model.onnx --input tokens=demo/models/digits_lstm/tokens.npy
  build/release/baton run build/models/resnet50/1/model.onnx --input random --devices cpu:1@a,cpu:1@b --move-after 20
  build/release/baton trace replay build/demo/engine.log                  every decision of this demo once more
  build/release/baton serve --models build/models --devices cpu:2         then see the README for curl
  make test                                                               all of it checked
NEXT
