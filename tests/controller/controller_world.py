"""The world of the controller's tests: the example of its specification, which tests change in one place."""

import re
from pathlib import Path

from demur.controller.controller import Controller
from demur.controller.file import load_controller

ROOT = Path(__file__).parents[2]
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
SPEC = (ROOT / "docs/spec/controller.md").read_text()


def example() -> str:
    """Return the YAML of the specification."""
    match = re.search(r"^```yaml\n(.*?)^```$", SPEC, re.DOTALL | re.MULTILINE)
    assert match is not None
    return match[1]


EXAMPLE = example()


def edited(old: str, new: str) -> str:
    """Return the example with one thing changed."""
    assert EXAMPLE.count(old) >= 1, old
    return EXAMPLE.replace(old, new, 1)


def write(folder: Path, text: str, logo: str | bytes = LOGO) -> Path:
    """Write a controller's file and its logo."""
    (folder / "logos").mkdir(exist_ok=True)
    (folder / "logos/lumen.svg").write_bytes(logo.encode() if isinstance(logo, str) else logo)
    path = folder / "controller.yaml"
    path.write_text(text)
    return path


def load(folder: Path, text: str, logo: str | bytes = LOGO) -> Controller:
    """Read a controller's file as it is read in earnest."""
    return load_controller(write(folder, text, logo))
