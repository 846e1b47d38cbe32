"""The live check over HTTP: one bare ASGI function, which any ASGI server runs; `demur gate serve` brings one.

    POST /v1/check   a record, or a list of records, as JSON  ->  kept or withheld, with every reason
    GET  /v1/health  whether there is a list to decide by

Whatever goes wrong, the answer says `"kept": false`. No sentence holds anything of a record, and none is written to a
log. Requests that wait at the same time are decided about together, which costs hardly more than deciding about one.
Described in docs/data-engineer/live.md.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NoReturn

from demur.core.canonical import instant_text
from demur.gate.followed_list import ListRefusal
from demur.gate.live import Answer, Gate

MAX_BODY_BYTES: Final = 2 << 20
MAX_RECORDS: Final = 1_000
_BODY_SECONDS: Final = 30.0
_MOST_AT_ONCE: Final = 2_000
"""So many records, or one request more, are decided about before others have their turn."""

_CHECK, _HEALTH = "/v1/check", "/v1/health"
_METHODS: Final = {_CHECK: "POST", _HEALTH: "GET"}
_JSON: Final = (b"content-type", b"application/json")
_LOG = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_Waiting = tuple[Sequence[object], "asyncio.Future[list[Answer]]"]


class _RefusedError(Exception):
    """A request that gets no decision.

    Attributes:
        status: of the response.
        headers: of the response, besides its type.
    """

    def __init__(self, status: HTTPStatus, sentence: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers


class LiveCheck:
    """The ASGI function."""

    def __init__(self, gate: Gate) -> None:
        """Answer by this gate."""
        self._gate = gate
        self._waiting: list[_Waiting] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        headers: tuple[tuple[bytes, bytes], ...] = ()
        try:
            status, body = await self._answer(scope, receive)
        except _RefusedError as refused:
            status, body, headers = refused.status, {"kept": False, "error": str(refused)}, refused.headers
        except Exception as error:  # noqa: BLE001  (its words may hold something of a record)
            _LOG.error("the live check could not decide: %s", type(error).__name__)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            body = {"kept": False, "error": "The gate could not decide. Do not use the records for training."}
        raw = json.dumps(body, separators=(",", ":")).encode()
        length = (b"content-length", str(len(raw)).encode())
        await send({"type": "http.response.start", "status": int(status), "headers": [_JSON, length, *headers]})
        await send({"type": "http.response.body", "body": raw})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[HTTPStatus, Mapping[str, object]]:
        path, method = scope["path"], scope["method"]
        if path not in _METHODS:
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"There are only {_CHECK} and {_HEALTH} here.")
        if method != _METHODS[path]:
            allow = (b"allow", _METHODS[path].encode())
            raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, f"Ask {path} with {_METHODS[path]}.", allow)
        if path == _HEALTH:
            return self._health()
        _check_headers(dict(scope["headers"]))
        asked = _parse(await _read_body(receive))
        if isinstance(asked, list):
            answers = await self._decide(asked)
            return HTTPStatus.OK, {"answers": [_body(answer) for answer in answers]}
        return HTTPStatus.OK, _body((await self._decide([asked]))[0])

    def _health(self) -> tuple[HTTPStatus, Mapping[str, object]]:
        found = self._gate.find_list()
        if isinstance(found, ListRefusal):
            return HTTPStatus.SERVICE_UNAVAILABLE, {"ready": False, "reason": str(found)}
        header = found.header
        expires_at = instant_text(header.expires_at)
        return HTTPStatus.OK, {"ready": True, "list_number": header.number, "expires_at": expires_at}

    async def _decide(self, records: Sequence[object]) -> list[Answer]:
        """Wait until all requests that have arrived were read, and have them decided about together."""
        loop = asyncio.get_running_loop()
        decided: asyncio.Future[list[Answer]] = loop.create_future()
        self._waiting.append((records, decided))
        if len(self._waiting) == 1:
            loop.call_soon(self._decide_waiting)
        return await decided

    def _decide_waiting(self) -> None:
        taken: list[_Waiting] = []
        count = 0
        while self._waiting and count < _MOST_AT_ONCE:
            taken.append(self._waiting.pop(0))
            count += len(taken[-1][0])
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._decide_waiting)
        taken = [(own, decided) for own, decided in taken if not decided.cancelled()]
        try:
            answers = iter(self._gate.check_many([record for own, _ in taken for record in own]))
        except Exception as error:  # noqa: BLE001  (each request that waits must hear of it)
            for _, decided in taken:
                decided.set_exception(error)
            return
        for own, decided in taken:
            decided.set_result([next(answers) for _ in own])


def _body(answer: Answer) -> Mapping[str, object]:
    return {"kept": answer.kept, "reasons": answer.reasons, "list_number": answer.list_number}


def _check_headers(headers: Mapping[bytes, bytes]) -> None:
    if b"origin" in headers:
        raise _RefusedError(HTTPStatus.FORBIDDEN, "The live check does not answer pages in a browser.")
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json" or b"content-encoding" in headers:
        raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, not compressed, as application/json.")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        _refuse_size()


async def _read_body(receive: Receive) -> bytes:
    parts, size, more = [], 0, True
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _RefusedError(HTTPStatus.BAD_REQUEST, "The request ended too early.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                more = message.get("more_body", False)
                if size > MAX_BODY_BYTES:
                    _refuse_size()
    except TimeoutError as error:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive whole in time.") from error
    return b"".join(parts)


def _refuse_size() -> NoReturn:
    raise _RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request may hold {MAX_BODY_BYTES:,} bytes. Send fewer records at once."
    )


def _parse(raw: bytes) -> object:
    """Return what a body says: a dictionary, or a list of anything."""
    try:
        asked = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "The JSON is nested too deeply.") from error
    except ValueError as error:  # JSON that is none, bytes that are not UTF-8, a number of too many digits
        raise _RefusedError(
            HTTPStatus.BAD_REQUEST, "The body is not JSON in UTF-8, or has a field that stands twice."
        ) from error
    if not isinstance(asked, dict | list):
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "Send one record as an object, or several as a list of objects.")
    if len(asked) > MAX_RECORDS and isinstance(asked, list):
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request may hold {MAX_RECORDS:,} records.")
    return asked


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a field that stands twice: what is logged may be the other one than the one decided about."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError
    return table


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError  # NaN and Infinity are not JSON
