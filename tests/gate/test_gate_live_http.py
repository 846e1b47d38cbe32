"""The live check over HTTP, asked as an ASGI server asks it; with a real server in tests/cli."""

import asyncio
import json
from pathlib import Path

import pytest
from gate_world import row
from test_gate_live import list_bytes, open_gate, publish

from demur.gate.live import Gate
from demur.gate.live_http import MAX_BODY_BYTES, MAX_RECORDS, LiveCheck, Message

JSON = (("content-type", "application/json"),)
Answered = tuple[int, dict[str, object], dict[str, str]]


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    publish(tmp_path / "latest.list", list_bytes("lumen:ada"))
    return open_gate(tmp_path / "latest.list")


async def ask(
    check: LiveCheck,
    *messages: Message,
    path: str = "/v1/check",
    method: str = "POST",
    headers: tuple[tuple[str, str], ...] = JSON,
) -> Answered:
    waiting, sent = list(messages), []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    raw_headers = [(name.encode(), value.encode()) for name, value in headers]
    await check({"type": "http", "path": path, "method": method, "headers": raw_headers}, receive, send)
    start, body = sent
    return start["status"], json.loads(body["body"]), {name.decode(): v.decode() for name, v in start["headers"]}


def post(gate: Gate, body: object, headers: tuple[tuple[str, str], ...] = JSON) -> Answered:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(ask(LiveCheck(gate), {"type": "http.request", "body": raw}, headers=headers))


def test_one_record_gets_one_answer(gate: Gate) -> None:
    status, body, headers = post(gate, row())
    assert (status, body) == (200, {"kept": True, "reasons": [], "list_number": 7})
    assert headers["content-type"] == "application/json"
    status, body, _ = post(gate, row(author_account="lumen:ada", kind="dm"))
    assert (status, body["kept"], body["reasons"]) == (200, False, ["private-message", "author-objected"])


def test_a_list_of_records_gets_a_list_of_answers(gate: Gate) -> None:
    status, body, _ = post(gate, [row(), row(author_account="lumen:ada"), 5])
    answers = body["answers"]
    assert isinstance(answers, list)
    assert (status, [each["kept"] for each in answers]) == (200, [True, False, False])
    assert answers[2]["reasons"] == ["record-unreadable"]
    assert post(gate, [])[:2] == (200, {"answers": []})
    assert len(post(gate, [row()] * MAX_RECORDS)[1]["answers"]) == MAX_RECORDS  # type: ignore[arg-type]


def test_requests_that_wait_are_decided_together_and_each_gets_its_own(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    check_many = gate.check_many
    monkeypatch.setattr(gate, "check_many", lambda records: (sizes.append(len(records)), check_many(records))[1])
    bodies = [row(), [row(author_account="lumen:ada")] * 900, [row()] * 1_000, [row()] * 1_000, row(kind="dm")]

    async def ask_all() -> list[Answered]:
        check = LiveCheck(gate)
        messages = [{"type": "http.request", "body": json.dumps(body).encode()} for body in bodies]
        return await asyncio.gather(*(ask(check, message) for message in messages))

    answered = [body for _, body, _ in asyncio.run(ask_all())]
    assert [each.get("kept") for each in answered] == [True, None, None, None, False]
    kept = [{each["kept"] for each in body["answers"]} for body in answered[1:4]]  # type: ignore[attr-defined]
    assert kept == [{False}, {True}, {True}]
    assert sizes == [2_901, 1]


def test_who_hangs_up_does_not_disturb_the_others(gate: Gate) -> None:
    async def hang_up() -> list[object]:
        check = LiveCheck(gate)
        message: Message = {"type": "http.request", "body": json.dumps(row()).encode()}
        tasks = [asyncio.ensure_future(ask(check, message)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third = asyncio.run(hang_up())
    assert isinstance(second, asyncio.CancelledError)
    assert [each[1]["kept"] for each in (first, third) if isinstance(each, tuple)] == [True, True]


WRONG = {
    "no JSON": (b"{", JSON, 400),
    "nothing": (b"", JSON, 400),
    "not UTF-8": (b'{"kind": "\xff"}', JSON, 400),
    "another Unicode": ('{"kind": "post"}'.encode("utf-16"), JSON, 400),
    "not a number": (b'{"kind": NaN}', JSON, 400),
    "too many digits": (b'{"kind": ' + b"9" * 5_000 + b"}", JSON, 400),
    "a field twice": (json.dumps(row())[:-1].encode() + b', "author_account": "lumen:ada"}', JSON, 400),
    "text": (b'"post"', JSON, 400),
    "null": (b"null", JSON, 400),
    "too deep": (b"[" * 200_000 + b"]" * 200_000, JSON, 400),
    "too many records": (b"[" + b"0," * MAX_RECORDS + b"0]", JSON, 413),
    "too large": (b" " * (MAX_BODY_BYTES + 1), JSON, 413),
    "too large by its own word": (b"{}", (*JSON, ("content-length", str(MAX_BODY_BYTES + 1))), 413),
    "no length": (b"{}", (*JSON, ("content-length", "many")), 413),
    "no type": (json.dumps(row()).encode(), (), 415),
    "another type": (json.dumps(row()).encode(), (("content-type", "text/plain"),), 415),
    "compressed": (json.dumps(row()).encode(), (*JSON, ("content-encoding", "gzip")), 415),
    "from a page in a browser": (json.dumps(row()).encode(), (*JSON, ("origin", "https://a.example")), 403),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_is_wrong_is_said_and_never_kept(case: str, gate: Gate) -> None:
    raw, headers, expected = WRONG[case]
    status, body, _ = post(gate, raw, headers)
    assert (status, body["kept"]) == (expected, False)
    assert str(body["error"]).endswith(".")
    assert "lumen" not in str(body)


def test_a_type_with_its_encoding_is_taken(gate: Gate) -> None:
    assert post(gate, row(), (("content-type", "Application/JSON; charset=utf-8"),))[1]["kept"] is True


def test_a_body_in_parts_is_put_together_and_measured_as_a_whole(gate: Gate) -> None:
    raw = json.dumps(row()).encode()
    first: Message = {"type": "http.request", "body": raw[:9], "more_body": True}
    last: Message = {"type": "http.request", "body": raw[9:], "more_body": False}
    assert asyncio.run(ask(LiveCheck(gate), first, last))[1]["kept"] is True
    half: Message = {"type": "http.request", "body": b" " * (MAX_BODY_BYTES // 2 + 1), "more_body": True}
    assert asyncio.run(ask(LiveCheck(gate), half, half))[0] == 413


def test_a_body_that_ends_too_early_or_never_is_not_decided_about(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    part: Message = {"type": "http.request", "body": json.dumps(row()).encode(), "more_body": True}
    assert asyncio.run(ask(LiveCheck(gate), part, {"type": "http.disconnect"}))[0] == 400
    monkeypatch.setattr("demur.gate.live_http._BODY_SECONDS", 0.0)
    status, body, _ = asyncio.run(ask(LiveCheck(gate), part))
    assert (status, body["kept"]) == (408, False)


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [("/", "GET", 404), ("/v1/check/", "POST", 404), ("/v1/check", "GET", 405), ("/v1/health", "POST", 405)],
)
def test_other_paths_and_methods_are_refused(path: str, method: str, expected: int, gate: Gate) -> None:
    status, body, headers = asyncio.run(ask(LiveCheck(gate), path=path, method=method))
    assert (status, body["kept"]) == (expected, False)
    assert ("allow" in headers) == (expected == 405)


def health(gate: Gate) -> Answered:
    return asyncio.run(ask(LiveCheck(gate), path="/v1/health", method="GET", headers=()))


def test_health_tells_the_list_or_why_there_is_none(gate: Gate, tmp_path: Path) -> None:
    status, body, _ = health(gate)
    assert (status, body["ready"], body["list_number"]) == (200, True, 7)
    assert str(body["expires_at"]).endswith("Z")
    (tmp_path / "latest.list").unlink()
    assert health(gate)[:2] == (503, {"ready": False, "reason": "list-missing"})
    assert post(gate, row())[1] == {"kept": False, "reasons": ["list-missing"], "list_number": None}


def test_a_fault_of_the_gate_is_a_no_and_tells_nothing_of_the_record(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(records: object) -> None:
        raise ValueError(records)

    monkeypatch.setattr(gate, "check_many", fail)
    status, body, _ = post(gate, row())
    assert (status, body["kept"]) == (500, False)
    assert "lumen:cy" not in str(body) + caplog.text
    assert "could not decide: ValueError" in caplog.text
