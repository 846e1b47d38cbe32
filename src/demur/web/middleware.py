"""What holds for every page of a privacy surface: its headers, and how much it is sent."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from demur.centre.uploads import max_body_bytes
from demur.web.error_pages import body_too_large

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class PrivateByDefaultMiddleware:
    """No third party, nothing inline, no copy in a cache: pages hold what somebody said in confidence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the headers."""
        response = self._get_response(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Permissions-Policy"] = "interest-cohort=(), camera=(), microphone=(), geolocation=()"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class BodyLimitMiddleware:
    """Refuse a body that is larger than the page takes, before a byte of it is read.

    It stands before whatever reads forms (the protection against forged ones does).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; what is refused is refused below, when the page is known."""
        return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],  # noqa: ARG002  (Django's signature)
        kwargs: dict[str, Any],  # noqa: ARG002  (the same)
    ) -> HttpResponse | None:
        """Answer 413 to a body that says it is too large. One that does not say its size is read as empty."""
        stated = request.META.get("CONTENT_LENGTH") or "0"
        most = max_body_bytes(view, request.content_type or "")
        is_too_large = stated.isdecimal() and int(stated) > most
        return body_too_large(request) if is_too_large else None
