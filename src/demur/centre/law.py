"""What the form says about the law, before somebody writes: which right applies, reasons, and the date of the answer.

The names of laws and articles are data, in their own language; the sentences about them are ours, in the reader's.
"""

from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from demur.centre.country import country_name
from demur.controller.controller import Controller, ReasonsPolicy
from demur.docket.jurisdiction import (
    Confidence,
    Jurisdiction,
    RightKind,
    answer_due_on,
    find_jurisdiction,
    parts_of,
)


@dataclass(frozen=True)
class PartPanel:
    """The law of a part of a country; `place` is its name in the reader's language."""

    jurisdiction: Jurisdiction
    place: str
    right: str


@dataclass(frozen=True)
class LawPanel:
    """The law of a country, in sentences.

    Attributes:
        country: its name in the reader's language.
        jurisdiction: the facts; None where there are none.
        right: what the law gives.
        policy_decides: whether that leaves the training to the controller's own policy.
        reasons: whether they are needed; empty where there is no law to ask for any.
        reasons_required: whether the form cannot be sent without.
        due: by when the answer comes if the form is sent today.
        parts: of the country, with a law of their own.
        caveats: what else the reader should know about these facts.
    """

    country: str
    jurisdiction: Jurisdiction | None
    right: str
    policy_decides: bool
    reasons: str
    reasons_required: bool
    due: str
    parts: tuple[PartPanel, ...]
    caveats: tuple[str, ...]


def describe_law(country: str, controller: Controller, today: date) -> LawPanel:
    """Return what a person who lives in a country should know before they write; `today`, where the controller is."""
    jurisdiction = find_jurisdiction(country)
    required = reasons_are_required(country, controller)
    return LawPanel(
        country=country_name(country),
        jurisdiction=jurisdiction,
        right=_right(jurisdiction),
        policy_decides=jurisdiction is None or not jurisdiction.kind.reaches_training,
        reasons=_reasons(jurisdiction, required=required),
        reasons_required=required,
        due=_due(jurisdiction, answer_due_on(country, today, controller.policy.answer_days)),
        parts=tuple(PartPanel(part, _place(part), _right(part)) for part in parts_of(country)),
        caveats=tuple(_caveats(jurisdiction)) if jurisdiction else (),
    )


def reasons_are_required(country: str, controller: Controller) -> bool:
    """Tell whether somebody must say how the processing affects them: where the law asks it, and the controller too."""
    jurisdiction = find_jurisdiction(country)
    asked = jurisdiction is not None and jurisdiction.asks_reasons
    return asked and controller.policy.reasons is ReasonsPolicy.AS_THE_LAW_ASKS


def _place(part: Jurisdiction) -> str:
    return {"US-CA": _("California"), "CA-QC": _("Québec")}.get(part.code, part.name)


def _right(jurisdiction: Jurisdiction | None) -> str:
    if jurisdiction is None:
        return _("We have no facts about the law there.")
    return {
        RightKind.OBJECT: _("The law gives a right to object."),
        RightKind.SUSPEND_PROCESSING: _("The law gives a right to have the use of personal data suspended."),
        RightKind.WITHDRAW_CONSENT: _(
            "The law gives a right to withdraw a consent. It has no general right to object to AI training."
        ),
        RightKind.CEASE_USE_CONDITIONAL: _(
            "The law gives a right to have the use of personal data stopped in certain cases. It has no general right "
            "to object to AI training."
        ),
        RightKind.OBJECT_AUTOMATED_ONLY: _(
            "The law gives a right to object to what a machine alone has found about a person. It has no general "
            "right to object to AI training."
        ),
        RightKind.OPT_OUT_LIMITED: _(
            "The law gives a right to stop the sale and sharing of personal data. It has no right to object to a "
            "company's own AI training."
        ),
        RightKind.NONE: _("We know of no law there that gives a right to object to AI training."),
    }[jurisdiction.kind]


def _reasons(jurisdiction: Jurisdiction | None, *, required: bool) -> str:
    if required:
        return _("The law asks for a reason, and so do we. One sentence of yours is enough.")
    if jurisdiction is not None and jurisdiction.asks_reasons:
        return _("The law asks for a reason. We do not: your objection counts without one.")
    return _("You need not give a reason.")


def _due(jurisdiction: Jurisdiction | None, day: date) -> str:
    words = {"day": formats.date_format(day, "DATE_FORMAT")}
    if jurisdiction is not None and jurisdiction.period is not None:
        return _("If you send this today, the law wants our answer by the end of %(day)s.") % words
    return _("If you send this today, we answer by the end of %(day)s.") % words


def _caveats(jurisdiction: Jurisdiction) -> list[str]:
    caveats = []
    if jurisdiction.rights_from:
        month = date.fromisoformat(f"{jurisdiction.rights_from}-01")
        words = {"month": formats.date_format(month, "YEAR_MONTH_FORMAT")}
        caveats.append(_("This right takes effect in %(month)s.") % words)
    if jurisdiction.change_pending:
        caveats.append(_("A change of this law is being discussed. What stands here is the law as it is now."))
    if jurisdiction.confidence is not Confidence.HIGH:
        caveats.append(_("We could not confirm every detail of this. It takes nothing away from your objection."))
    return caveats
