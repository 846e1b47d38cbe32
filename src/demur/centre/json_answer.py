"""A JSON answer of another server: fetched within limits, so that a server that misbehaves costs little.

One question takes five seconds at most, reads 256 kB at most, and follows no redirect. Two questions are asked at the
same time at most, so that a slow server keeps most of our threads free for everybody else.
"""

import json
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from demur.core.errors import DemurError

SECONDS = 5.0
MOST_BYTES = 256_000
MOST_AT_ONCE = 2
_AT_ONCE = threading.BoundedSemaphore(MOST_AT_ONCE)
_WAIT_SECONDS = 0.5
_READ_BYTES = 16_384


class NoAnswerError(DemurError):
    """A server did not answer, or not with a JSON object. The sentence holds nothing of the answer."""

    retry_can_help = True


def fetch_json(url: str, *, form: dict[str, str] | None = None, authorization: str = "") -> dict[str, Any]:
    """Return the JSON object that a server answers with.

    Args:
        url: of the question; over https, except on this machine.
        form: is sent with POST; without one it is a GET.
        authorization: the header of that name; empty for none.

    Raises:
        NoAnswerError: no answer in time, too long an answer, a redirect, any status but 200, or no JSON object.
    """
    if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
        raise NoAnswerError("too many questions wait for their answers")
    try:
        status, body = _ask(url, form, authorization)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise NoAnswerError(f"there was no answer ({type(error).__name__})") from error
    finally:
        _AT_ONCE.release()
    if status != requests.codes.ok:
        raise NoAnswerError(f"the answer was HTTP status {status}")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoAnswerError("the answer was not JSON") from error
    if not isinstance(answer, dict):
        raise NoAnswerError("the answer was not a JSON object")
    return answer


class _Session(requests.Session):
    """Follows no redirect. To look at one, requests would read its whole body, however long."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002  (the library's signature)
        return None


def _ask(url: str, form: dict[str, str] | None, authorization: str) -> tuple[int, bytes]:
    give_up_at = time.monotonic() + SECONDS
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if authorization:
        headers["Authorization"] = authorization
    with _Session() as session:
        # A proxy is for the way out; without TLS we only speak to this machine.
        session.trust_env = urlsplit(url).scheme == "https"
        answer = session.request(
            "GET" if form is None else "POST", url, data=form, headers=headers, timeout=SECONDS, stream=True
        )
        try:
            return answer.status_code, _read(answer.raw, give_up_at)
        finally:
            answer.raw.close()


def _read(raw: urllib3.HTTPResponse, give_up_at: float) -> bytes:
    """Read a body bit by bit, since a time limit of the library begins anew with every byte."""
    body = b""
    while part := raw.read1(_READ_BYTES):
        body += part
        if len(body) > MOST_BYTES or time.monotonic() > give_up_at:
            raise NoAnswerError("the answer was too long, or too slow")
    return body
