"""A made-up world for `make run`, tests and benchmarks: a platform with its data lake, and a mail catcher.

Nothing here is part of a real installation, and no room above imports it but the command line.
"""
