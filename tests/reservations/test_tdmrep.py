import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.page import Page
from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    combine,
    no_training,
    nothing_said,
    undetermined,
)
from demur.reservations.site_file import SiteFile
from demur.reservations.tdmrep import read_reservation, read_tdmrep, read_tdmrep_file

_PLAINLY_MEANT = undetermined("protocol_error", "malformed_intent")


def _file(document: object) -> SiteFile:
    return SiteFile(json.dumps(document).encode())


def _read(file: SiteFile | None = None, header: tuple[str, ...] = (), page: Page | None = None) -> Preference:
    return combine(finding.preference for finding in read_tdmrep(file, header, page or Page(), "/a"))


_YES = _file([{"location": "/", "tdm-reservation": 0}])
_NO = _file([{"location": "/", "tdm-reservation": 1}])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], NOTHING_SAID),
        (["1"], no_training()),
        ([" 1 "], no_training()),
        (['"1"'], no_training()),
        (["0"], any_training()),
        (["0", "1"], no_training()),
        (["0, 1"], no_training()),
        (["2"], nothing_said("protocol_error")),
        ([""], nothing_said("protocol_error")),
        (["false"], nothing_said("protocol_error")),
        (["true"], _PLAINLY_MEANT),
        (["Yes"], _PLAINLY_MEANT),
    ],
)
def test_a_reservation_is_one_or_nought(values: list[str], said: Preference) -> None:
    assert read_reservation(values) == said


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], NOTHING_SAID),
        ([{"location": "/b", "tdm-reservation": 1}], NOTHING_SAID),
        ([{"location": "/b", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}], no_training()),
        ([{"location": "/", "tdm-reservation": 0}, {"location": "/a", "tdm-reservation": 1}], any_training()),
        ([{"location": "/a$", "tdm-reservation": 1.0}], no_training()),
        ([{"location": "/A", "tdm-reservation": 1}], NOTHING_SAID),
        ([{"location": "*", "tdm-reservation": "1"}], no_training("lenient_json")),
        ([{"location": "https://ex.org/a", "tdm-reservation": 1}], no_training()),
        ([{"location": "/", "tdm-reservation": True}], _PLAINLY_MEANT),
        ([{"location": "/", "tdm-reservation": False}], nothing_said("protocol_error")),
        ([{"location": "/", "tdm-reservation": 10}], nothing_said("protocol_error")),
        ([{"location": "/", "tdm-reservation": None}], nothing_said("protocol_error")),
        ([{"location": "/"}], nothing_said("protocol_error")),
        ([{"tdm-reservation": 1}], undetermined("damaged")),
        (["/"], undetermined("damaged")),
        ("/", undetermined("damaged")),
        (None, undetermined("damaged")),
    ],
)
def test_the_first_entry_that_covers_a_path_counts(entries: object, said: Preference) -> None:
    assert read_tdmrep_file(_file(entries), "/a") == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", NOTHING_SAID),
        (b" \n", NOTHING_SAID),
        (b"\n<!doctype html><p>Not found", nothing_said("other_format")),
        (b"<meta name='tdm-reservation' content='1'>", undetermined("damaged")),
        (b'[{"location": "/", "tdm-reservation": 1}', undetermined("damaged")),
        (b'[{"location": "/", "tdm-reservation": 1, "tdm-reservation": 0}]', undetermined("damaged")),
        (b"[" * 100_000, undetermined("damaged")),
        (b'[{"location": "/", "tdm-reservation": ' + b"1" * 10_000 + b"}]", undetermined("damaged")),
        (b'\xef\xbb\xbf[{"location": "/", "tdm-reservation": 1}]', no_training()),
        (b'[{"location": "/x", "tdm-reservation": 1}' + b" " * 600_000 + b"]", undetermined("damaged")),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_held(body: bytes, said: Preference) -> None:
    assert read_tdmrep_file(SiteFile(body), "/a") == said


def test_a_file_that_the_server_failed_to_give_is_held() -> None:
    assert read_tdmrep_file(SiteFile(status=503), "/a").is_undetermined
    assert read_tdmrep_file(SiteFile(status=404), "/a") == NOTHING_SAID


def test_what_is_nearer_to_the_content_supersedes() -> None:
    page_no, page_yes = Page(meta=[("tdm-reservation", "1")]), Page(meta=[("tdm-reservation", "0")])
    assert _read(_NO, ("0",)) == any_training()
    assert _read(_YES, ("1",)) == no_training()
    assert _read(_YES, ("0",), page_no) == no_training()
    assert _read(_NO, ("1",), page_yes) == any_training()
    assert _read(SiteFile(status=503), ("0",)) == any_training()


def test_what_is_absent_or_wrong_supersedes_nothing() -> None:
    assert _read(_NO) == no_training()
    assert _read(_NO, ("2",)) == no_training("protocol_error")
    assert _read(_NO, ("true",)).train is Word.DENY
    assert _read(_YES, ("true",)).is_undetermined
    assert _read(_NO, ("true",), Page(meta=[("tdm-reservation", "0")])) == any_training()
    assert _read(_NO, (), Page(meta=[("tdm-policy", "https://ex.org/p")])) == no_training()
    assert _read() == NOTHING_SAID


def test_a_yes_that_a_reader_wrote_into_the_page_supersedes_nothing() -> None:
    assert _read(_NO, (), Page(body_meta=[("tdm-reservation", "0")])) == no_training()
    assert _read(_YES, (), Page(body_meta=[("tdm-reservation", "1")])) == no_training()
    assert _read(_YES, (), Page(body_meta=[("tdm-reservation", "true")])).is_undetermined


@given(st.binary())
def test_any_bytes_are_a_tdmrep_file(body: bytes) -> None:
    assert read_tdmrep_file(SiteFile(body), "/a").train in Word


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["/", "1", "0"]),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["location", "tdm-reservation"]) | st.text(), inner)
    ),
)


@given(_JSON)
def test_any_json_is_a_tdmrep_file(document: object) -> None:
    assert read_tdmrep_file(_file(document), "/a").train in Word
