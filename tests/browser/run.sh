#!/bin/sh
# run.sh SERVER [SCRATCH]: the tests of the document and of its page, in a copy of this folder with its packages beside it.
# Needs node, npm and chromium; nothing is skipped.
set -eu
server=$1
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
scratch=${2:-$(mktemp -d)}
for tool in node npm curl "${CHROMIUM:-/usr/bin/chromium}"; do
  command -v "$tool" >/dev/null || { echo "the browser tests need $tool: apt-get install nodejs npm curl chromium" >&2; exit 1; }
done
mkdir -p "$scratch"
cp "$here"/*.mjs "$here/package.json" "$scratch/"
cd "$scratch"
if [ ! -d node_modules ] || ! cmp -s package.json node_modules/.installed; then
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
  cp package.json node_modules/.installed
fi
TENSORGATE_SERVER=$server exec node --test --test-concurrency=1 openapi.test.mjs docs.test.mjs
