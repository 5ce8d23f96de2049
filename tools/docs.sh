#!/usr/bin/env bash
# The reference of all plugins and roles as HTML.
set -euo pipefail

rm -rf build/docs
umask 077 # antsibull-docs writes into no directory that others may enter
mkdir -p build/docs
antsibull-docs sphinx-init --use-current --squash-hierarchy --sphinx-theme alabaster --dest-dir build/docs nfvlab.fleet >/dev/null
cd build/docs
# Pages of ansible-core and Python are elsewhere: their labels are not ours to resolve, nor is the network there to ask.
cat >>conf.py <<'PYTHON'
intersphinx_mapping = {}
suppress_warnings = ["ref.ref"]
PYTHON
mkdir temp-rst
antsibull-docs --config-file antsibull-docs.cfg collection --use-current --squash-hierarchy --dest-dir temp-rst nfvlab.fleet
rm -rf rst/collections
cp -r temp-rst/. rst/
sphinx-build -M html rst . -c . -q --keep-going
echo "build/docs/html/index.html"
