"""Every command of the README and of the docs runs, and every page, command and option that they name is there."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.main import get_command

from demur.cli import exit_codes
from demur.cli.demo import wait_for_list
from demur.cli.main import app
from demur.cli.processes import Installation
from demur.cli.visitor import Visitor, find_code, mail_text, wait_for_mail
from demur.docket.decision import RefusalGround
from demur.gate import errors as gate_errors
from demur.sample.truth import find_examples

ROOT = Path(__file__).resolve().parents[2]
PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))}
COMMANDS = {
    name: [
        line
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in re.sub(r"\\\n\s*", "", block).splitlines()  # a command may go on in the next line
    ]
    for name, text in PAGES.items()
}
TO_RUN = sorted(name for name, commands in COMMANDS.items() if commands)
MAPPING = "var/sample/mapping.yaml"
SAMPLE_CONTROLLER = ROOT / "src/demur/sample/data/controller.yaml"


@dataclass(frozen=True)
class Reader:
    """Somebody who has objected, and now types what the docs say."""

    installation: Installation
    reference: str
    receipt: bytes


@pytest.fixture(scope="module")
def reader(shared_installation: Installation) -> Reader:
    """Object as somebody whose country no page names: what the pages say must not depend on it."""
    running = shared_installation
    before = wait_for_list(running, 0)
    visitor, email = Visitor(running.ports.base_url), "ada@people.example"
    handle = find_examples(running.home / "sample", 1)[0].handle
    form = visitor.submit(visitor.open("/privacy/genai/object"), {"country": "FI"}, press="own")
    code_page = visitor.submit(form, {"email": email, "handles": handle})
    status = visitor.submit(code_page, {"code": find_code(wait_for_mail(running.home / "mail", email, "code"))})
    words = mail_text(wait_for_mail(running.home / "mail", email, "receipt"))
    wait_for_list(running, before)
    reference = re.search(r"DMR-\S+", words)
    assert reference is not None
    return Reader(running, reference[0], visitor.open(f"{status.url.rstrip('/')}/receipt").content)


@pytest.fixture
def desk_of_files(reader: Reader, tmp_path: Path) -> Path:
    """A folder in which lies what the pages speak of, under the names that they use."""
    folder, home = tmp_path / "clone", reader.installation.home
    folder.mkdir()
    links = {".venv": Path(sys.prefix), "var": home, "lake": home / "sample/lake", "keys": home / "keys"}
    links |= {
        "log": home / "log",
        "latest.list": home / "lists/latest.list",
        "public.keys": home / "keys/public.keys",
    }
    for name, target in (links | {"controller.yaml": SAMPLE_CONTROLLER}).items():
        (folder / name).symlink_to(target)
    (folder / "receipt.json").write_bytes(reader.receipt)
    (folder / "Pictures").mkdir()
    for photo in pq.read_table(home / "sample/truth/photos.parquet").to_pylist():
        if not photo["is_damaged"]:
            shutil.copy(home / "sample/photos" / photo["image_path"], folder / "Pictures")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", TO_RUN)
def test_every_command_of_a_page_runs(page: str, reader: Reader, desk_of_files: Path) -> None:
    if page == "docs/auditor/verifying.md":
        run(reader, desk_of_files, f"demur gate run lake --mapping {MAPPING} --list latest.list --out training")
    home = "var" if page != "docs/operator/running.md" else "new"
    for command in COMMANDS[page]:
        here = command.replace("/srv/demur", home).replace("DMR-XXXX-XXXX", reader.reference)
        run(reader, desk_of_files, here)


def run(reader: Reader, cwd: Path, command: str) -> None:
    expected = re.search(r"# exits with (\d+)", command)
    done = subprocess.run(
        ["bash", "-c", f". .venv/bin/activate\n{command}"],
        cwd=cwd,
        env={**reader.installation.environment, "DEMUR_HOME": "var"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (int(expected[1]) if expected else 0), f"{command}\n{done.stdout}{done.stderr}"


def test_tour_and_pages_have_commands_to_run() -> None:
    assert len(COMMANDS["README.md"]) >= 10
    assert len(TO_RUN) >= 6
    indented = {name for name, text in PAGES.items() if re.search(r"^ {4}\.?demur ", text, re.MULTILINE)}
    assert not indented, "commands outside of a ```sh block are run by no test"


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page]):
        assert ((ROOT / page).parent / target).exists(), f"{target} is not there"


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_file_of_the_repository_that_is_named_is_there(page: str) -> None:
    for path in re.findall(r"`((?:src|docs|tests|scripts|bench|requirements)/[\w./-]*)`", PAGES[page]):
        assert (ROOT / path).exists(), f"{path} is not there"


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_command_and_option_that_is_named_exists(page: str) -> None:
    named = re.findall(r"`demur ((?!`)[^`\n]+)`", PAGES[page]) + [
        line.removeprefix("demur ") for line in COMMANDS[page] if line.startswith("demur ")
    ]
    for words in named:
        command, rest = get_command(app), words.partition("#")[0].split()
        while rest and (subcommands := getattr(command, "commands", None)):
            assert rest[0] in subcommands, f"there is no command: demur {words}"
            command = subcommands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options, f"no such option: demur {words}"


def test_page_of_exit_codes_has_every_code() -> None:
    kinds = [kind for kind in vars(gate_errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if hasattr(kind, "exit_code")}
    codes |= {value for value in vars(exit_codes).values() if isinstance(value, int)}
    listed = re.findall(r"^\| (\d+) \|", PAGES["docs/exit-codes.md"], re.MULTILINE)
    assert codes <= {int(code) for code in listed}
    assert len(set(listed)) == len(listed)


def test_page_of_cases_has_every_ground_of_a_refusal() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \|", PAGES["docs/privacy-officer/cases.md"], re.MULTILINE)
    assert listed == [str(ground) for ground in RefusalGround]


def test_page_for_operators_has_every_setting() -> None:
    settings = (ROOT / "src/demur/web/settings.py").read_text()
    variables = set(re.findall(r"^(DEMUR_[A-Z_]+)  ", settings, re.MULTILINE))
    assert variables
    assert variables == set(re.findall(r"^\| `(DEMUR_[A-Z_]+)` \|", PAGES["docs/operator/running.md"], re.MULTILINE))
