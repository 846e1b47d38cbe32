"""The forms of an objection, one for each meaning.

Promises to whoever fills one in: no rule that the page does not state beforehand, nothing typed is lost by an error,
every error says what to do next, and no error repeats what was typed.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from demur.centre.country import CountryField, CountrySelect, is_country
from demur.centre.forms.faces import FaceConsentField, FaceConsentMixin
from demur.centre.forms.fields import TOO_LONG, EmailField, TextField, grouped_number
from demur.centre.forms.photos import PhotosField
from demur.centre.forms.recognition import HandlesField, LinksField, NameField
from demur.centre.meaning import Meaning
from demur.docket.lodging import MAX_EFFECT_CHARS

_COUNTRY_ERRORS = {
    "required": _("Choose the country where you live."),
    "invalid_choice": _("Choose a country from the list."),
}
_NOTHING_TO_RECOGNISE_BY = _("Give at least one of these: a name, an account, a link to a post, or a photo.")


class CountryForm(forms.Form):
    """The country alone, as the first page asks for it.

    Args of the constructor beside Django's: `likely`, the codes of the countries that go to the top of the list.
    """

    country = CountryField(
        label=_("Country where you live"),
        help_text=_("It decides which law applies. If you act for somebody else, choose where that person lives."),
        error_messages=_COUNTRY_ERRORS,
    )

    def __init__(self, *args: Any, likely: tuple[str, ...] = (), **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        widget = self.fields["country"].widget
        widget.attrs["autocomplete"] = "country"
        if isinstance(widget, CountrySelect):
            widget.likely = likely


class ObjectionForm(FaceConsentMixin, CountryForm):
    """What every objection has: a country, an address, and room for reasons.

    Args of the constructor beside Django's: `likely`, as above; `reasons_required`, where the law asks for
    reasons and this controller does too; `is_signed_in`, where accounts are known by the sign-in; `has_photos`, where
    photos of the person are kept in the draft; `faces_offered`, as in the mixin. A country that is known
    already is carried along unseen.
    """

    effect_label = _("Tell us how this processing affects you")

    email = EmailField(
        _("E-mail address"),
        _(
            "We send a six-digit code to it, and later the answer. If you have an account, the address of the account "
            "is best."
        ),
    )
    effect = TextField(
        max_length=MAX_EFFECT_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("Say in a sentence how this affects you, or tick a reason. The law asks for one."),
            "max_length": TOO_LONG,
        },
    )

    def __init__(
        self,
        *args: Any,
        reasons_required: bool = False,
        is_signed_in: bool = False,
        has_photos: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_signed_in, self.has_photos = is_signed_in, has_photos
        known = (self.data if self.is_bound else self.initial).get("country", "")
        if is_country(known):
            self.fields["country"].widget = forms.HiddenInput()
        effect = self.fields["effect"]
        effect.label = self.effect_label
        effect.required = reasons_required
        effect.help_text = _REASONS_REQUIRED if reasons_required else _REASONS_OPTIONAL

    def fields_about_person(self) -> list[BoundField]:
        """Return the fields by which a person is recognised, which stand between the address and the reasons."""
        return [field for field in self if field.name not in ObjectionForm.base_fields]

    def typed(self) -> dict[str, str]:
        """Return what somebody sent of this form's text, as typed, to be kept in a draft; never a tick."""
        names = [name for name, field in self.fields.items() if not isinstance(field, FaceConsentField)]
        return {name: self.data[name] for name in names if name in self.data}

    def keep_errors_only_of(self, *names: str) -> None:
        """Forget what is wrong elsewhere, for somebody who has not said yet that they are done."""
        for name in set(self.errors) - set(names):
            del self.errors[name]


class OwnForm(ObjectionForm):
    """For my own accounts."""

    field_order = ("country", "email", "handles", "effect")

    handles = HandlesField(
        _("Your accounts"),
        _(
            "Handles or links to your profiles, one on each line, up to {most}. One is enough if your accounts "
            "are linked."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_signed_in:
            self.fields["handles"].label = _("Other accounts of yours")


class _RecognisedForm(ObjectionForm):
    """For somebody whom others show or mention: at least one thing by which the person can be recognised."""

    def clean(self) -> dict[str, Any]:
        """Ask for something to recognise the person by, unless what was given is wrong and says so itself."""
        given = super().clean() or self.cleaned_data
        means = ("name", "handles", "links", "photos")
        found = self.has_photos or any(given.get(name) for name in means)
        if not found and not any(name in self.errors for name in means):
            self.add_error("name", forms.ValidationError(_NOTHING_TO_RECOGNISE_BY, code="nobody"))
        return given


class OthersForm(_RecognisedForm):
    """Others post about me."""

    field_order = ("country", "email", "name", "handles", "links", "photos", "face_consent", "effect")

    name = NameField(
        _("Your name"),
        _("As others write it. A person at our side looks at it, because many people can have the same name."),
        of_writer=True,
    )
    handles = HandlesField(
        _("Your accounts"),
        _("Handles or links to profiles, one on each line, up to {most}. Leave this empty if you have no account."),
    )
    links = LinksField(_("Links to posts about you"))
    photos = PhotosField(label=_("Photos of you"))
    face_consent = FaceConsentField()


class ChildForm(_RecognisedForm):
    """For my child."""

    effect_label = _("Tell us how this processing affects your child")
    field_order = ("country", "email", "representative_name", "name", "handles", "links", "photos", "effect")

    representative_name = NameField(
        _("Your own name"), missing=_("Write your own name, as the child's parent or guardian."), of_writer=True
    )
    name = NameField(
        _("Your child's name"),
        _("As others write it. A person at our side looks at it, because many people can have the same name."),
    )
    handles = HandlesField(
        _("Your child's accounts"),
        _("Handles or links to profiles, one on each line, up to {most}. Leave this empty if there is no account."),
    )
    links = LinksField(_("Links to posts about your child"))
    photos = PhotosField(label=_("Photos of your child"))


class AgentForm(_RecognisedForm):
    """On behalf of somebody who asked me to."""

    effect_label = _("Tell us how this processing affects the person")
    field_order = ("country", "email", "representative_name", "name", "handles", "links", "photos", "mandate", "effect")

    representative_name = NameField(
        _("Your own name"), missing=_("Write your own name, as the one who acts for the person."), of_writer=True
    )
    name = NameField(
        _("The person's name"),
        _("As others write it. A person at our side looks at it, because many people can have the same name."),
    )
    handles = HandlesField(
        _("The person's accounts"),
        _("Handles or links to profiles, one on each line, up to {most}. Leave this empty if there is no account."),
    )
    links = LinksField(_("Links to posts about the person"))
    photos = PhotosField(label=_("Photos of the person"))
    mandate = PhotosField(
        label=_("The mandate"),
        help_text=_(
            "A photo or a scan of the paper that says that you may act for the person. It can follow later: you can "
            "add it on the private page of the objection."
        ),
    )


FORMS: Mapping[Meaning, type[ObjectionForm]] = {
    Meaning.OWN: OwnForm,
    Meaning.OTHERS: OthersForm,
    Meaning.CHILD: ChildForm,
    Meaning.AGENT: AgentForm,
}

_REASONS_OPTIONAL = format_lazy(
    _(
        "You may leave this empty: your objection counts all the same. There is no shortest length, and there is room "
        "for {most} characters."
    ),
    most=grouped_number(MAX_EFFECT_CHARS),
)
_REASONS_REQUIRED = format_lazy(
    _(
        "The law asks for a reason, and so do we: one sentence of yours is enough. There is no shortest length, and "
        "there is room for {most} characters."
    ),
    most=grouped_number(MAX_EFFECT_CHARS),
)
