#!/bin/sh
# Write the lock files anew from pyproject.toml. Needs uv (https://docs.astral.sh/uv/) on the PATH.
set -eu
cd "$(dirname "$0")/.."
compile() {
    out=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-annotate --output-file "requirements/$out.txt" "$@"
}
compile run pyproject.toml --extra agent --extra centre --extra sample --extra photos --extra reservations --extra files \
    --group run
compile test pyproject.toml --extra agent --extra centre --extra sample --extra postgres --extra live --extra photos \
    --extra faces --extra reservations --extra files --group test
compile photos --no-deps --group photos
