"""The versions of what decides and writes: with others, the same input and list may give other bytes."""

from collections.abc import Mapping
from importlib.metadata import version


def writer_versions() -> Mapping[str, str]:
    """Return the version of each package that what a run writes depends on."""
    return {name: version(name) for name in ("demur", "numpy", "pyarrow")}
