"""Pages for what went wrong: plain words, what to do next, and nothing of what was sent.

They are drawn without the controller's configuration and without the database, since either may be what is broken.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_TO_START = _("Go to the privacy centre")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer 400: a body that is too large, a forged host, or bytes that no form of ours sends."""
    return _page(
        request,
        400,
        _("We could not read what your browser sent"),
        _("It was larger than any form of ours, or not what this site sends. Nothing was stored."),
        _("Go back, shorten your text, and send it again."),
    )


def body_too_large(request: HttpRequest) -> HttpResponse:
    """Answer 413: more than a form of ours can hold."""
    return _page(
        request,
        413,
        _("That is more than we can take at once"),
        _("Nothing was stored. A form takes up to ten photos of 20 MB each, where it asks for photos at all."),
        _("Go back, choose fewer photos or smaller ones, and send the form again. You can add the others later."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer 403: a form that did not come from our own page, or a browser that refuses our cookie."""
    return _page(
        request,
        403,
        _("The form was not sent"),
        _("We could not be sure that it was you who sent it, so nothing was changed."),
        _(
            "This happens when the page was open for a long time, or when the browser refuses cookies. Go back, reload "
            "the page, and send the form again. The one cookie that we need protects the form, and follows nobody."
        ),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer 403 to what is not open to the person who asks."""
    return _page(
        request,
        403,
        _("This page is not open to you"),
        _("The address is right, but it is not meant for whoever asked."),
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer 404. Says nothing about whether the address ever meant something."""
    return _page(
        request,
        404,
        _("There is nothing at this address"),
        _("A private link works only when it is complete. Copy it again from our mail, from start to end."),
        _(
            "A link from a mail with a code ends after 24 hours if the code was never typed: what was written in the "
            "form is then erased, and you can send it again."
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500. What happened is in the log, never on the page."""
    return _page(
        request,
        500,
        _("Something went wrong at our side"),
        _("It is not your fault. If you had just sent a form, go back and send it again: nothing is counted twice."),
        _("If it happens again, please try in an hour."),
    )


def _page(request: HttpRequest, status: int, heading: Promise, *sentences: Promise) -> HttpResponse:
    context = {
        "heading": heading,
        "sentences": sentences,
        "action": {"href": reverse("centre:landing"), "words": _TO_START},
        "private": True,
    }
    return render(request, "centre/error.html", context, status=status)
