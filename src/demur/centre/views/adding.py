"""Adding to an objection that is in force, by whoever has the address of its private page."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from demur.centre.form_visit import PHOTO_PURPOSES
from demur.centre.forms.addition import AdditionForm
from demur.centre.uploads import takes_photos
from demur.centre.views.private import get_status, private
from demur.docket.addition import MAX_HANDLES_OF_CASE, MAX_LINKS_OF_CASE, Supplement
from demur.docket.errors import (
    AdditionProblem,
    AdditionRefusedError,
    DocketError,
    LodgingRefusedError,
    PhotoRefusedError,
)
from demur.docket.models import PhotoPurpose
from demur.docket.photo_store import may_agree_to_faces
from demur.docket.photographs import MAX_PHOTOS, CleanPhoto
from demur.docket.selectors import StatusView
from demur.docket.services import add_information

_UNPROCESSABLE = 422


@private
@takes_photos
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, token: str) -> HttpResponse:
    """Ask what is to be added; add it, by POST only."""
    status = get_status(token)
    if not status.may_add:
        return redirect("centre:status", token)
    is_offered = may_agree_to_faces(status.capacity)
    if request.method != "POST":
        return _page(request, token, status, AdditionForm(capacity=status.capacity, faces_offered=is_offered))
    form = AdditionForm(request.POST, request.FILES, capacity=status.capacity, faces_offered=is_offered)
    if form.is_valid():
        try:
            add_information(token, _supplement(form), _now())
            return redirect(reverse("centre:status", args=[token]) + "?added")
        except DocketError as error:
            form.add_error(_field(error, form), _words(error, status))
            return _page(request, token, status, form)
    kept = _keep_photos(form, token)
    return _page(request, token, get_status(token), form, kept=kept)


def _supplement(form: AdditionForm) -> Supplement:
    given = form.cleaned_data
    return Supplement(given["text"], given["handles"], given["links"], _photos(form))


def _photos(form: AdditionForm) -> tuple[tuple[CleanPhoto, PhotoPurpose], ...]:
    return tuple((photo, PHOTO_PURPOSES[name]) for name, photos in form.taken_photos().items() for photo in photos)


def _keep_photos(form: AdditionForm, token: str) -> int:
    """Keep the photos of a form that has errors elsewhere, since a browser does not choose them again by itself.

    Returns:
        How many were kept: all that are good, or none if there is no room for them.
    """
    photos = _photos(form)
    if not photos:
        return 0
    try:
        add_information(token, Supplement(photos=photos), _now())
    except DocketError:
        return 0
    return len(photos)


def _page(request: HttpRequest, token: str, status: StatusView, form: AdditionForm, *, kept: int = 0) -> HttpResponse:
    context = {
        "form": form,
        "status": status,
        "token": token,
        "private": True,
        "kept": kept,
        "photos_left": _photos_left(status),
    }
    return render(request, "centre/add.html", context, status=_UNPROCESSABLE if form.errors else 200)


def _photos_left(status: StatusView) -> int:
    return max(MAX_PHOTOS - status.photos.of_person - status.photos.of_mandate, 0)


def _field(error: DocketError, form: AdditionForm) -> str | None:
    """Return the name of the field that an error is about; None for one about the whole."""
    if isinstance(error, PhotoRefusedError):
        return "photos"
    return error.field if isinstance(error, LodgingRefusedError) and error.field in form.fields else None


def _words(error: DocketError, status: StatusView) -> str:
    if isinstance(error, PhotoRefusedError):
        left = _photos_left(status)
        return ngettext(
            "There is room for %(left)d more photo. Choose the photos again, as many as there is room for.",
            "There is room for %(left)d more photos. Choose the photos again, as many as there is room for.",
            left,
        ) % {"left": left}
    if isinstance(error, AdditionRefusedError):
        return _addition_words(error.problem)
    most = {"handles": MAX_HANDLES_OF_CASE, "links": MAX_LINKS_OF_CASE}
    if isinstance(error, LodgingRefusedError) and error.field in most:
        return _("An objection has room for %(most)d of these. Send a second objection for the others.") % {
            "most": most[error.field]
        }
    return _("We could not take this as it is. Please write it in another way.")


def _addition_words(problem: AdditionProblem) -> str:
    return {
        AdditionProblem.CLOSED: _("This objection has ended a moment ago. Nothing can be added to it any more."),
        AdditionProblem.ENOUGH_TODAY: _("You have added something many times today. Please add the rest tomorrow."),
        AdditionProblem.ENOUGH: _("There is no more room in this objection. Please write to us at the address below."),
        AdditionProblem.NOTHING_NEW: _("We have all of this already. Nothing has changed."),
    }[problem]


def _now() -> datetime:
    return datetime.now(UTC)
