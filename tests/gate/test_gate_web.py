"""Rows from the web: whoever says no there is heard, and what nobody captured is not taken for silence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from gate_world import LIST_KEY, LIST_SIGNER, MAPPING, SCHEMA, batch_of, list_of, mapping, row, sealed

from demur.gate.decision import decide
from demur.gate.errors import MappingError
from demur.gate.live import Gate
from demur.gate.mapped_batch import map_batch
from demur.gate.mapping import parse_mapping
from demur.gate.suppression_list import encode_entries

WEB_SCHEMA = pa.schema([*SCHEMA, ("url", pa.string()), ("headers", pa.string()), ("html", pa.binary())])
ALL_COLUMNS = f"{MAPPING}web: {{url: url, headers: headers, page: html, sites: sites, crawler: LumenBot}}\n"
NO_SITES = ALL_COLUMNS.replace(" sites: sites,", "")
DENIED, HELD, KEPT = ["reserved-by-source"], ["source-undecided"], None


def reasons(*rows: dict[str, object], text: str = NO_SITES, folder: Path = Path()) -> list[object]:
    given = [
        {"url": "https://a.example/p/1", "headers": None, "html": None, **row(record_id=str(n)), **each}
        for n, each in enumerate(rows)
    ]
    decision = decide(batch_of(*given, schema=WEB_SCHEMA), parse_mapping(text.encode(), folder), list_of())
    withheld = iter(decision.withheld_reasons().to_pylist())
    return [None if kept else next(withheld) for kept in decision.kept_mask.tolist()]


def test_a_header_or_a_page_that_says_no_withholds_its_row() -> None:
    assert reasons(
        {"headers": "Content-Type: text/html\r\nX-Robots-Tag: noai\r\n"},
        {"headers": "Content-Usage: train-ai=n"},
        {"html": b'<html><head><meta name="robots" content="noai"></head>'},
        {"headers": "Content-Type: text/html\nno colon"},
        {},
    ) == [DENIED, DENIED, DENIED, KEPT, KEPT]


def test_a_no_that_is_written_wrongly_is_held() -> None:
    assert reasons({"headers": "tdm-reservation: yes"}) == [HELD]


def test_a_row_that_is_not_from_the_web_is_not_asked() -> None:
    assert reasons({"url": None, "headers": "X-Robots-Tag: noai"}) == [KEPT]


def site(folder: Path, host: str, **files: str) -> None:
    (folder / "sites" / host).mkdir(parents=True)
    for name, text in files.items():
        (folder / "sites" / host / name.replace("__", ".")).write_text(text)


def test_what_a_site_says_counts_for_its_rows_and_for_no_others(tmp_path: Path) -> None:
    site(tmp_path, "a.example", robots__txt="User-agent: GPTBot\nDisallow: /p/\n")
    site(tmp_path, "b.example")
    site(tmp_path, "c.example", tdmrep__json='[{"location": "/", "tdm-reservation": 1}]')
    site(tmp_path, "d.example", ai__txt="User-Agent: *\nDisallow: /\n")
    urls = [
        "https://a.example/p/1",
        "https://A.example:8443/q",
        "https://b.example/p/1",
        "https://c.example/x.jpg",
        "http://d.example/",
    ]
    found = reasons(*({"url": url} for url in urls), text=ALL_COLUMNS, folder=tmp_path)
    assert found == [DENIED, KEPT, KEPT, DENIED, DENIED]


def test_a_host_that_nobody_captured_and_a_file_that_the_site_failed_to_give_are_held(tmp_path: Path) -> None:
    site(tmp_path, "a.example", robots__txt__status="503")
    site(tmp_path, "b.example", robots__txt__status="404")
    site(tmp_path, "c.example", robots__txt__status="what?")
    (tmp_path / "sites" / "c.example" / "ai.txt").mkdir()
    urls = [
        "https://a.example/",
        "https://b.example/",
        "https://c.example/",
        "https://unknown.example/",
        "no address",
        "",
    ]
    found = reasons(*({"url": url} for url in urls), text=ALL_COLUMNS, folder=tmp_path)
    assert found == [HELD, KEPT, HELD, HELD, HELD, HELD]


@pytest.mark.parametrize("host", ["..", ".", "a\0b"])
def test_a_host_that_is_no_name_of_a_folder_leads_nowhere(tmp_path: Path, host: str) -> None:
    (tmp_path / "robots.txt").write_text("")
    (tmp_path / "sites").mkdir()
    assert reasons({"url": f"https://{host}/x"}, text=ALL_COLUMNS, folder=tmp_path) == [HELD]


def test_an_address_that_is_no_text_is_held() -> None:
    batch = batch_of({"url": "", "headers": None, "html": None, **row()}, schema=WEB_SCHEMA)
    wrong = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    batch = batch.set_column(batch.schema.get_field_index("url"), "url", wrong)
    assert decide(batch, mapping(NO_SITES), list_of()).withheld_reasons().to_pylist() == [HELD]


def test_the_address_alone_is_enough_of_a_mapping() -> None:
    only_url = f"{MAPPING}web: {{url: url}}\n"
    assert reasons({"headers": "X-Robots-Tag: noai"}, text=only_url) == [KEPT]
    with pytest.raises(MappingError, match="names no web sources"):
        _ = map_batch(batch_of(row()), mapping()).web_outcomes


def test_a_row_that_is_withheld_anyway_is_not_asked() -> None:
    assert reasons({"kind": "dm", "headers": "X-Robots-Tag: noai"}) == [["private-message"]]


def test_live_records_are_asked_as_well(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    dates = {"issued_at": now - timedelta(hours=1), "expires_at": now + timedelta(hours=1)}
    (tmp_path / "7.list").write_bytes(sealed(encode_entries([]), 0, **dates))
    gate = Gate(mapping(NO_SITES), tmp_path / "7.list", LIST_SIGNER.verifier_key, LIST_KEY)
    fields = {"url": "https://a.example/1", "headers": "X-Robots-Tag: noai", "html": None}
    assert gate.check(row(**fields)).reasons == ("reserved-by-source",)
    assert gate.check(row(**fields | {"headers": None}))
    assert gate.check(row(**fields | {"headers": None, "html": "<p>"}))
    assert gate.check(row(url=None)).reasons == ("field-missing:web.headers", "field-missing:web.page")


@pytest.mark.parametrize(
    ("web", "what"), [("{headers: h}", "web.url"), ("{url: u, site: s}", "site"), ("url", "table")]
)
def test_a_mapping_that_does_not_say_what_was_captured_is_refused(web: str, what: str) -> None:
    with pytest.raises(MappingError, match=what):
        mapping(f"{MAPPING}web: {web}\n")
