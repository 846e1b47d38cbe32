"""Every command of the README's tour runs, and every page that the docs point to is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from demur.cli.demo import object_as, wait_for_list
from demur.cli.processes import Installation
from demur.cli.visitor import Visitor, wait_for_mail
from demur.sample.truth import find_examples

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.slow
def test_every_command_of_the_tour_runs(installation: Installation, tmp_path: Path) -> None:
    example = find_examples(installation.home / "sample", 1)[0]
    before = wait_for_list(installation, 0)
    status_url = object_as(installation, "ada@people.example", example.handle)
    wait_for_mail(installation.home / "mail", "ada@people.example", "receipt")
    wait_for_list(installation, before)
    cwd = tmp_path / "clone"
    cwd.mkdir()
    (cwd / "var").symlink_to(installation.home)
    (cwd / ".venv").symlink_to(sys.prefix)
    receipt = Visitor(installation.ports.base_url).open(f"{status_url.rstrip('/')}/receipt").content
    (cwd / "receipt.json").write_bytes(receipt)
    commands = [line for block in BLOCKS for line in block.splitlines()]
    assert len(commands) >= 10
    for command in commands:
        expected = re.search(r"# exits with (\d+)", command)
        script = f". .venv/bin/activate\n{command}"
        environment = {**installation.environment, "DEMUR_HOME": "var"}
        done = subprocess.run(
            ["bash", "-c", script], cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == (int(expected[1]) if expected else 0), f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{target} is not there"
