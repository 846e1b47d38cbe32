"""`python -m demur`: the same as the `demur` command."""

from demur.cli.main import main

main()
