"""Making an installation ready, its controller's file, and the facts about the law."""

import os
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from docket_world import CONTROLLER_YAML
from pytest_django import Settings

from demur.controller.errors import ControllerFileError
from demur.core.deadline import Period, PeriodUnit
from demur.docket.controller import get_controller
from demur.docket.jurisdiction import (
    LawName,
    ReasonsNeeded,
    all_jurisdictions,
    answer_due_on,
    find_jurisdiction,
    parts_of,
)

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


def test_home_gets_the_logos_that_the_controllers_file_names(tmp_path: Path) -> None:
    home, sample = tmp_path / "var", Path(__file__).parents[2] / "src/demur/sample/data"
    assert init(home, sample / "controller.yaml").stderr == ""
    for logo in (sample / "logos").iterdir():
        assert (home / "logos" / logo.name).read_bytes() == logo.read_bytes()


def test_database_that_others_could_read_becomes_private(tmp_path: Path, controller_file: Path) -> None:
    home = tmp_path / "var"
    home.mkdir()
    (home / "docket.sqlite3").touch(mode=0o644)
    assert init(home, controller_file).stderr == ""
    assert stat.S_IMODE((home / "docket.sqlite3").stat().st_mode) == 0o600


def test_home_without_a_controller_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = init(tmp_path / "var", tmp_path / "absent.yaml")
    assert 'ControllerFileError: the file "absent.yaml" cannot be read' in result.stderr


def test_edited_controller_file_is_read_again(home: Path) -> None:
    assert get_controller().log_origin == "lumen.example/log"
    path = home / "controller.yaml"
    path.write_text(CONTROLLER_YAML.replace("Lumen Platforms Limited", "Lumen Holdings"))
    os.utime(path, ns=(1, 1))
    assert get_controller().legal_name == "Lumen Holdings"


FAULTS = {
    "field": (
        CONTROLLER_YAML.replace("country: IE", "country: Ireland"),
        'controller.yaml, line 4: the field "country"',
    ),
    "yaml": ("name: [lumen.example\n", "controller.yaml, line 2: this is not YAML"),
    "emptied": ("", "controller.yaml: the file is empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_slip_in_the_file_closes_no_page_and_is_logged_once_by_line_and_field(
    home: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    text, sentence = FAULTS[fault]
    path, good = home / "controller.yaml", get_controller()
    path.write_text(text)
    os.utime(path, ns=(1, 1))
    for _ in range(3):
        assert get_controller() is good
    [record] = caplog.records
    assert sentence in record.getMessage()
    assert "as it was before stays in use" in record.getMessage()
    assert record.exc_info is None
    path.write_text(CONTROLLER_YAML.replace("Lumen Platforms Limited", "Lumen Holdings"))
    os.utime(path, ns=(2, 2))
    assert get_controller().legal_name == "Lumen Holdings"


def test_a_file_that_is_taken_away_while_an_editor_saves_it_closes_no_page(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = get_controller()
    (home / "controller.yaml").unlink()
    assert get_controller() is good
    assert 'there is no "controller.yaml"' in caplog.text


def test_home_without_a_controller_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    settings.DEMUR_HOME = tmp_path / "empty"
    with pytest.raises(ControllerFileError) as caught:
        get_controller()
    assert "demur init" in caught.value.hint


def test_every_member_state_asks_for_an_answer_within_a_month() -> None:
    european = [entry for entry in all_jurisdictions().values() if entry.law.text.endswith("(GDPR)")]
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


def test_date_of_the_answer_is_the_laws_or_the_controllers_promise() -> None:
    monday = date(2026, 6, 1)
    assert answer_due_on("KR", monday, 30) == date(2026, 6, 11)
    assert answer_due_on("PT", monday, 3) == date(2026, 7, 1)
    assert answer_due_on("BR", monday, 30) == answer_due_on("XX", monday, 30) == date(2026, 7, 1)


def test_where_a_part_of_a_country_sets_an_earlier_date_it_holds_for_the_whole_country() -> None:
    assert [part.code for part in parts_of("US")] == ["US-CA"]
    assert answer_due_on("US", date(2026, 6, 1), 30) == date(2026, 6, 22)
    assert answer_due_on("US", date(2026, 6, 1), 7) == date(2026, 6, 8)


def test_law_names_know_their_language_and_pending_changes_come_from_the_rules_of_many() -> None:
    portugal, japan, india = (find_jurisdiction(code) for code in ("PT", "JP", "IN"))
    assert portugal is not None
    assert portugal.national_law == LawName("Lei n.º 58/2019", "pt")
    assert portugal.change_pending
    assert japan is not None
    assert japan.change_pending
    assert japan.national_law is None
    assert india is not None
    assert india.rights_from == "2027-05"


def test_reasons_are_asked_only_by_a_law_that_reaches_training() -> None:
    asking = {entry.code for entry in all_jurisdictions().values() if entry.asks_reasons}
    assert {"PT", "GB", "BR", "ZA"} <= asking
    assert not {"CH", "KR", "US", "US-CA", "CA-QC", "JP", "TR", "AU"} & asking
