"""The command line: arguments, words for the terminal, exit codes."""
