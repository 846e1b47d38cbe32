"""Making an installation ready, its controller's file, and the facts about the law."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from docket_world import CONTROLLER_YAML
from pytest_django import Settings

from demur.core.deadline import Period, PeriodUnit
from demur.docket.controller import get_controller, load_controller
from demur.docket.errors import ControllerFileError
from demur.docket.jurisdiction import ReasonsNeeded, all_jurisdictions, answer_period, find_jurisdiction

INIT = "import sys, pathlib; from demur.docket.home import init_home; init_home(*map(pathlib.Path, sys.argv[1:]))"


def init(home: Path, file: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("D")}
    command = [sys.executable, "-c", INIT, str(home), str(file)]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)


@pytest.fixture
def controller_file(tmp_path: Path) -> Path:
    path = tmp_path / "given.yaml"
    path.write_text(CONTROLLER_YAML)
    return path


@pytest.mark.slow
def test_home_is_made_ready_twice_with_the_same_keys_and_private_files(tmp_path: Path, controller_file: Path) -> None:
    home = tmp_path / "var"
    assert init(home, controller_file).stderr == ""
    keys = {path.name: path.read_bytes() for path in (home / "keys").iterdir()}
    controller_file.unlink()  # the home has its own copy
    again = init(home, controller_file)
    assert (again.returncode, again.stderr) == (0, "")
    assert {path.name: path.read_bytes() for path in (home / "keys").iterdir()} == keys
    assert {path.name for path in home.iterdir()} >= {"keys", "log", "lists", "controller.yaml", "docket.sqlite3"}
    for name in ("", "keys", "lists", "docket.sqlite3"):
        assert stat.S_IMODE((home / name).stat().st_mode) & 0o077 == 0, name


def test_database_that_others_could_read_becomes_private(tmp_path: Path, controller_file: Path) -> None:
    home = tmp_path / "var"
    home.mkdir()
    (home / "docket.sqlite3").touch(mode=0o644)
    assert init(home, controller_file).stderr == ""
    assert stat.S_IMODE((home / "docket.sqlite3").stat().st_mode) == 0o600


def test_home_without_a_controller_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = init(tmp_path / "var", tmp_path / "absent.yaml")
    assert 'ControllerFileError: the file "absent.yaml" cannot be read' in result.stderr


def edited(**changes: Any) -> str:
    fields = yaml.safe_load(CONTROLLER_YAML)
    return yaml.safe_dump({name: value for name, value in {**fields, **changes}.items() if value is not None})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a list", "wanted fields"),
        ("{", "not YAML"),
        (edited(legal_name=None), 'field "legal_name" is missing'),
        (edited(legal_nam="x"), "unknown fields: legal_nam"),
        (edited(appeal_days="30"), 'field "appeal_days" is not of type int'),
        (edited(appeal_days=True), 'field "appeal_days" is not of type int'),
        (edited(appeal_days=29), "less than 30"),
        (edited(appeal_days=99_999_999_999), "more than 3650"),
        (edited(name="Lumen Platforms"), "not a host name"),
        (edited() + "1: 2\nunknown: 3\n", "unknown fields: 1, unknown"),
        ("a: " + "[" * 20_000, "not YAML"),
        (edited(time_zone="Mars/Olympus"), "no time zone that this machine knows"),
        (edited(time_zone="../../etc/passwd"), "no time zone that this machine knows"),
        (edited(postal_address="1 Quay Street"), "not of type list"),
        (edited(postal_address=[1]), "not a list of texts"),
        (edited(products=[{"id": "lumen"}]), "product 1"),
        (edited(products=[{"id": "agora", "name": "A", "description": "d", "menu_path": ["m"]}]), "unknown products"),
        (edited(collected=["posts"]), "collected 1: wanted fields"),
        (edited(legal_name="Lumen\r\nBcc: cy@mail.example"), "longer than one line"),
    ],
)
def test_controller_file_with_a_fault_is_refused_by_name(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "controller.yaml"
    path.write_text(text)
    with pytest.raises(ControllerFileError, match=sentence):
        load_controller(path)


def test_edited_controller_file_is_read_again(home: Path) -> None:
    assert get_controller().log_origin == "lumen.example/log"
    path = home / "controller.yaml"
    path.write_text(edited(legal_name="Lumen Holdings"))
    os.utime(path, ns=(1, 1))
    assert get_controller().legal_name == "Lumen Holdings"


def test_home_without_a_controller_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    settings.DEMUR_HOME = tmp_path / "empty"
    with pytest.raises(ControllerFileError) as caught:
        get_controller()
    assert "demur init" in caught.value.hint


def test_sample_controller_can_be_read() -> None:
    path = Path(__file__).parents[2] / "src/demur/sample/data/controller.yaml"
    assert load_controller(path).name == "lumen.example"


def test_every_member_state_asks_for_an_answer_within_a_month() -> None:
    european = [entry for entry in all_jurisdictions().values() if entry.law.endswith("(GDPR)")]
    assert len(european) >= 30
    assert {entry.period for entry in european} == {Period(1, PeriodUnit.MONTH)}
    assert {entry.reasons_needed for entry in european} == {ReasonsNeeded.PARTICULAR_SITUATION}


def test_country_is_found_by_its_code_and_a_part_of_it_is_not_taken_for_it() -> None:
    austria, states = find_jurisdiction("AT"), find_jurisdiction("US")
    assert austria is not None
    assert austria.authority.website == "https://www.dsb.gv.at/"
    assert states is not None
    assert states.code == "US"
    assert find_jurisdiction("XX") is None


def test_period_is_the_countrys_own_or_the_gdprs() -> None:
    assert answer_period("KR") == Period(10, PeriodUnit.DAY)
    assert answer_period("BR") == answer_period("XX") == Period(1, PeriodUnit.MONTH)
