"""The form. Opening an address stores nothing; sending the form stores a draft, or the objection."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from demur.centre.cookies import forget_cookies, remember_country
from demur.centre.flood import find_challenge, read_asker, wait_page
from demur.centre.form_visit import PHOTO_PURPOSES, FormVisit, open_visit
from demur.centre.forms.faces import FACE_CONSENT
from demur.centre.forms.objection import FORMS, ObjectionForm
from demur.centre.grounds import GROUNDS, add_grounds
from demur.centre.kept_page import answer_kept, draw_kept
from demur.centre.law import describe_law, reasons_are_required
from demur.centre.meaning import Meaning
from demur.centre.sending import name_sending
from demur.centre.uploads import takes_photos
from demur.docket.controller import get_controller
from demur.docket.errors import FloodError, LodgingRefusedError
from demur.docket.kept_text import SameController, mark
from demur.docket.lodging import Lodging
from demur.docket.photo_store import may_agree_to_faces, remove_photo
from demur.docket.services import lodge_objection, was_lodged

_TEMPLATE = "centre/object.html"
_CHALLENGE = "challenge"
_UNPROCESSABLE = 422
_KEPT_PAGES = 512
"""Of some 10 KB each."""

_MOST_DIGITS = 18


@takes_photos
@require_http_methods(["GET", "HEAD", "POST"])
def object_to_training(request: HttpRequest, meaning: Meaning) -> HttpResponse:
    """Show the form for a meaning; do what the button says that it was sent with, by itself the lodging."""
    visit = open_visit(request, meaning)
    if request.method != "POST":
        return _open(visit)
    do, _colon, photo = request.POST.get("do", "").partition(":")
    if do == "remove" and photo.isdecimal() and photo.isascii() and len(photo) <= _MOST_DIGITS:
        remove_photo(visit.token, int(photo))
    try:
        return _ANSWERS.get(do, _send)(visit)
    except FloodError as error:
        is_kept = visit.draft is not None
        return visit.remember(wait_page(request, error, visit.now, is_kept=is_kept))


def _open(visit: FormVisit) -> HttpResponse:
    """Return the form. Browsers may keep it with nothing in it: going back to it finds again what was typed.

    Over TLS they forget it for a page that must not be stored, and whoever mistyped the address would begin anew.
    """
    country = visit.known_country()
    challenge = find_challenge(visit.request, visit.now)
    if not visit.is_untouched:
        return _page(visit, visit.open_form(), challenge)
    if country:
        controller = get_controller()
        key = (visit.meaning, country, controller.day_of(visit.now))
        page = _untouched(get_language() or "en", SameController(controller), *key, has_challenge=bool(challenge))
        response = answer_kept(visit.request, page, {_CHALLENGE: challenge or ""})
    else:
        response = _page(visit, visit.open_form(), challenge)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@lru_cache(maxsize=_KEPT_PAGES)
def _untouched(
    _language: str, controller: SameController, meaning: Meaning, country: str, today: date, *, has_challenge: bool
) -> str:
    """Return the form for whoever has chosen a country, and nothing else."""
    required = reasons_are_required(country, controller.it)
    context = {
        "form": FORMS[meaning](
            reasons_required=required,
            initial={"country": country},
            faces_offered=may_agree_to_faces(meaning.capacity),
        ),
        "meaning": meaning,
        "law": describe_law(country, controller.it, today),
        "grounds": GROUNDS[meaning],
        _CHALLENGE: mark(_CHALLENGE) if has_challenge else None,
    }
    return draw_kept(_TEMPLATE, controller.it, context)


def _send(visit: FormVisit) -> HttpResponse:
    form = visit.sent_form()
    if visit.request.POST.get("shown_accounts", visit.accounts_key) != visit.accounts_key:
        form.add_error(None, _not_who_it_was(visit))
    if not form.is_valid():
        return _keep(visit, form)
    sending = name_sending(visit, form)
    if any(form.cleaned_data.get(name) for name in PHOTO_PURPOSES) and not was_lodged(sending, visit.now):
        visit.keep(form)
    if form.is_valid() or was_lodged(sending, visit.now):
        try:
            lodging = _lodging(form, visit, sending)
            lodged = lodge_objection(lodging, visit.now, read_asker(visit.request, visit.now))
        except LodgingRefusedError as error:
            form.add_error(error.field if error.field in form.fields else None, _refusal(error))
        except FloodError:
            visit.keep(form)
            raise
        else:
            done = redirect("centre:code", lodged.continue_token)
            forget_cookies(done)
            remember_country(done, form.cleaned_data["country"])
            return done
    return _keep(visit, form)


def _help_with_grounds(visit: FormVisit) -> HttpResponse:
    post = visit.request.POST
    text = add_grounds(post.get("effect", ""), visit.meaning, post.getlist("ground"))
    form = visit.sent_form({"effect": text})
    form.fields["effect"].widget.attrs["autofocus"] = True
    return _keep_unfinished(visit, form)


def _show_again(visit: FormVisit) -> HttpResponse:
    """Answer the choice of a country, whose law then stands on the page, and the removal of a photo."""
    return _keep_unfinished(visit, visit.sent_form())


def _choose_again(visit: FormVisit) -> HttpResponse:
    visit.keep(visit.sent_form())
    return visit.remember(redirect("centre:object"))


_ANSWERS: Mapping[str, Callable[[FormVisit], HttpResponse]] = {
    "grounds": _help_with_grounds,
    "country": _show_again,
    "remove": _show_again,
    "change": _choose_again,
}


def _keep_unfinished(visit: FormVisit, form: ObjectionForm) -> HttpResponse:
    """Keep what was sent by somebody who is not done yet: only what they have just done can be wrong."""
    form.keep_errors_only_of("country", FACE_CONSENT, *PHOTO_PURPOSES)
    return _keep(visit, form)


def _keep(visit: FormVisit, form: ObjectionForm) -> HttpResponse:
    """Return the form with everything that was sent, which is kept as a draft too."""
    visit.keep(form)
    return visit.remember(_page(visit, form, find_challenge(visit.request, visit.now)))


def _page(visit: FormVisit, form: ObjectionForm, challenge: str | None) -> HttpResponse:
    country, controller = form["country"], get_controller()
    today = controller.day_of(visit.now)
    context = {
        "form": form,
        "meaning": visit.meaning,
        "law": describe_law(country.value(), controller, today) if country.is_hidden else None,
        "grounds": GROUNDS[visit.meaning],
        "kept": visit.kept_photos(),
        "photos_not_asked_for": visit.photos_not_asked_for(form),
        "accounts": visit.accounts,
        "accounts_key": visit.accounts_key,
        _CHALLENGE: challenge,
    }
    return render(visit.request, _TEMPLATE, context, status=_UNPROCESSABLE if form.errors else 200)


def _lodging(form: ObjectionForm, visit: FormVisit, sending: str) -> Lodging:
    given = form.cleaned_data
    return Lodging(
        country=given["country"],
        email=given["email"],
        handles=given["handles"],
        effect=given["effect"],
        language=get_language() or "en",
        capacity=visit.meaning.capacity,
        name=given.get("name", ""),
        representative_name=given.get("representative_name", ""),
        links=given.get("links", ()),
        verified_accounts=visit.accounts,
        draft_token=visit.token,
        sending=sending,
    )


def _not_who_it_was(visit: FormVisit) -> str:
    if visit.signed_in:
        return _("We could not be sure that it was you who sent it, so nothing was changed.")
    return _("We could not make sure who signed in, so nobody is signed in here. Try again, or go on without it.")


def _refusal(error: LodgingRefusedError) -> str:
    if error.field == "email":
        return _("We cannot send mail to this address. Use one with plain Latin letters before the @ sign.")
    return _("We could not take this as it is. Please write it in another way.")
