#!/bin/sh
# Run every test with branch coverage, then hold each room against its floor.
set -eu
cd "$(dirname "$0")/.."
bin=${PYTHON_BIN:-.venv/bin}
rm -f .coverage .coverage.*
"$bin/pytest" --numprocesses 2 --cov --cov-report= -m "not long" "$@"
rm -f .coverage.* # what processes that were killed on purpose left; all others' figures are in .coverage by now
floor() {
    echo "branch coverage of $1: at least $2 %"
    "$bin/coverage" report --include="src/demur/$1/*" --fail-under="$2"
}
floor core 100
floor gate 100
floor ledger 100
floor . 98
