"""One request for the form: who asks, what is kept of what they typed before, and how more of it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from demur.centre.cookies import WRITER, chosen_country, find_open_draft, remember_country, remember_draft
from demur.centre.country import is_country, likely_countries
from demur.centre.flood import find_asker
from demur.centre.forms.objection import FORMS, ObjectionForm
from demur.centre.forms.photos import PhotosField
from demur.centre.law import reasons_are_required
from demur.centre.meaning import Meaning
from demur.centre.photo_words import erased_meanwhile_words, too_many_words
from demur.centre.sign_in import SignedIn, find_signed_in
from demur.docket.admission import admit_draft
from demur.docket.controller import get_controller
from demur.docket.drafts import DraftView, save_draft
from demur.docket.errors import LinkUnknownError, PhotoRefusedError
from demur.docket.lodging import VerifiedAccount
from demur.docket.models import PhotoPurpose
from demur.docket.photo_store import PhotoView, add_photo, draft_photos, may_agree_to_faces

PHOTO_PURPOSES: Mapping[str, PhotoPurpose] = {"photos": PhotoPurpose.SHOWS_PERSON, "mandate": PhotoPurpose.MANDATE}


@dataclass
class FormVisit:
    """A request for the form of a meaning.

    Attributes:
        request: as it came.
        meaning: of the form's address.
        draft: of this browser; None until something was kept.
        signed_in: who the identity provider says it is; None for everybody else.
        now: the instant of the request.
    """

    request: HttpRequest
    meaning: Meaning
    draft: DraftView | None
    signed_in: SignedIn | None
    now: datetime

    @property
    def token(self) -> str:
        """The draft's secret; empty if there is no draft."""
        return self.draft.token if self.draft else ""

    @property
    def accounts(self) -> tuple[VerifiedAccount, ...]:
        """The accounts that the sign-in shows to be those of the person whom the objection is about."""
        return self.signed_in.accounts if self.signed_in and self.meaning is Meaning.OWN else ()

    @property
    def accounts_key(self) -> str:
        """Those accounts as the page sends them back, only to be compared: somebody may be signed out meanwhile."""
        return " ".join(account.account for account in self.accounts)

    @property
    def is_untouched(self) -> bool:
        """Whether the form that is opened has nothing of anybody's in it, beyond the country."""
        return self.draft is None and self.signed_in is None

    def kept_photos(self) -> Mapping[str, list[PhotoView]]:
        """Return the photos of the draft by the field to which they belong."""
        photos = draft_photos(self.token) if self.draft else ()
        return {
            field: [photo for photo in photos if photo.purpose == purpose] for field, purpose in PHOTO_PURPOSES.items()
        }

    def photos_not_asked_for(self, form: ObjectionForm) -> int:
        """Return how many photos the draft has of another form, begun before; they are erased when this one is sent."""
        return sum(len(photos) for field, photos in self.kept_photos().items() if field not in form.fields)

    def open_form(self) -> ObjectionForm:
        """Return the form with what is known: typed before, or stated by the identity provider."""
        initial: dict[str, str] = dict(self.draft.fields) if self.draft else {}
        initial["country"] = self.known_country()
        if self.signed_in and not initial.get("email"):
            initial["email"] = self.signed_in.email
        return self._form(initial["country"], initial=initial)

    def sent_form(self, changes: Mapping[str, str] | None = None) -> ObjectionForm:
        """Return the form as it was sent, with some fields changed."""
        data = self.request.POST.copy()
        data.update(changes or {})
        if not data.get("country"):
            data["country"] = self.known_country()
        return self._form(str(data["country"]), data=data, files=self.request.FILES)

    def keep(self, form: ObjectionForm) -> None:
        """Keep everything that was sent, photos too, as a draft, unless that is nothing.

        What is wrong with the photos is added to the form's errors.
        """
        typed = form.typed()
        writer = {WRITER: self.signed_in.key} if self.signed_in else {}
        fields = {**(self.draft.fields if self.draft else {}), **typed, **writer, "meaning": str(self.meaning)}
        photo_fields = [field for field in form.fields.values() if isinstance(field, PhotosField)]
        is_blank = not any(typed[name] for name in typed.keys() - {"country"})
        if self.draft is None and is_blank and not any(field.taken for field in photo_fields):
            return
        if self.draft is None:
            admit_draft(find_asker(self.request), self.now)
        self.draft = DraftView(save_draft(self.token, fields, self.now), fields)
        for name, purpose in PHOTO_PURPOSES.items():
            self._keep_photos(form, name, purpose)

    def remember(self, response: HttpResponse) -> HttpResponse:
        """Let the browser find the draft again, and the country."""
        if self.draft is not None:
            remember_draft(response, self.draft.token)
            country = self.draft.fields.get("country", "")
            if is_country(country):
                remember_country(response, country)
        return response

    def _keep_photos(self, form: ObjectionForm, name: str, purpose: PhotoPurpose) -> None:
        field = form.fields.get(name)
        if not isinstance(field, PhotosField):
            return
        photos, field.taken = field.taken, ()  # so that keeping the form twice keeps no photo twice
        if photos:
            admit_draft(find_asker(self.request), self.now, photos=len(photos))
        try:
            for photo in photos:
                add_photo(self.token, photo, purpose, self.now)
        except PhotoRefusedError:
            form.add_error(name, too_many_words())
        except LinkUnknownError:  # another tab erased the draft, or sent it, a moment ago
            fields = self.draft.fields if self.draft else {}
            self.draft = DraftView(save_draft("", fields, self.now), fields)
            form.add_error(name, erased_meanwhile_words())

    def known_country(self) -> str:
        """Return the code of the country that the person chose, or that the sign-in states; empty if there is none."""
        kept = self.draft.fields.get("country", "") if self.draft else ""
        stated = self.signed_in.country if self.signed_in else ""
        return next((code for code in (chosen_country(self.request), kept, stated) if is_country(code)), "")

    def _form(self, country: str, **values: Any) -> ObjectionForm:
        return FORMS[self.meaning](
            likely=likely_countries(self.request.headers.get("Accept-Language", "")),
            reasons_required=reasons_are_required(country, get_controller()),
            is_signed_in=bool(self.accounts),
            has_photos=bool(self.kept_photos()["photos"]),
            faces_offered=may_agree_to_faces(self.meaning.capacity),
            **values,
        )


def open_visit(request: HttpRequest, meaning: Meaning) -> FormVisit:
    """Return the visit that a request makes."""
    now = datetime.now(UTC)
    return FormVisit(request, meaning, find_open_draft(request, now), find_signed_in(request), now)
