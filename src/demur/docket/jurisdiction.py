"""What the law of a country says about objecting: facts from data/jurisdictions.yaml, with their sources there."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from demur.core.deadline import Period, PeriodUnit, due_on

_ENGLISH = "en"


class ReasonsNeeded(StrEnum):
    """Whether the law asks the person for reasons."""

    PARTICULAR_SITUATION = "particular-situation"
    NO = "no"
    YES = "yes"
    NON_COMPLIANCE = "non-compliance-should-be-stated"
    FOR_DISSEMINATION_ONLY = "for-28.1-yes"
    NOT_APPLICABLE = "not-applicable"


class RightKind(StrEnum):
    """What the law gives to somebody who does not want AI models trained on their data."""

    OBJECT = "object"
    SUSPEND_PROCESSING = "suspend-processing"
    WITHDRAW_CONSENT = "withdraw-consent"
    CEASE_USE_CONDITIONAL = "cease-use-conditional"
    OBJECT_AUTOMATED_ONLY = "object-automated-only"
    OPT_OUT_LIMITED = "opt-out-limited"
    NONE = "none"

    @property
    def reaches_training(self) -> bool:
        """Whether the right stops the training by itself; the others reach it in some cases, or not at all."""
        return self in {RightKind.OBJECT, RightKind.SUSPEND_PROCESSING}


class Confidence(StrEnum):
    """How well the facts are supported."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class LawName:
    """A law's name, and the language in which it is written (BCP 47), so that it is read aloud rightly."""

    text: str
    language: str


@dataclass(frozen=True)
class Authority:
    """A supervisory authority: `name` in its own language, `complaint_url` empty where none is known."""

    name: str
    website: str
    complaint_url: str


@dataclass(frozen=True)
class Jurisdiction:
    """The law that applies to a person by where they live.

    Attributes:
        code: of the entry; for a whole country the same as `country`, for a part of one as in ISO 3166-2.
        country: ISO 3166-1 alpha-2.
        name: in the jurisdiction's own language.
        law: that has the right.
        national_law: beside it, where the first is not national; None otherwise.
        kind: of right.
        article: where the right stands in the law; "none" where there is no such right.
        reasons_needed: whether the law asks for reasons.
        period: for an answer; None where the facts have no fixed period.
        rights_from: year and month from which the right holds, "2027-05"; empty where it holds already.
        change_pending: whether a change of the law is being discussed.
        confidence: how well all this is supported.
        authority: to which a person can complain.
    """

    code: str
    country: str
    name: str
    law: LawName
    national_law: LawName | None
    kind: RightKind
    article: str
    reasons_needed: ReasonsNeeded
    period: Period | None
    rights_from: str
    change_pending: bool
    confidence: Confidence
    authority: Authority

    @property
    def asks_reasons(self) -> bool:
        """Whether a person who objects must say something about themselves or about the processing."""
        return self.kind.reaches_training and self.reasons_needed not in _NO_REASONS


_NO_REASONS = {ReasonsNeeded.NO, ReasonsNeeded.NOT_APPLICABLE}


def find_jurisdiction(country: str) -> Jurisdiction | None:
    """Return the facts for a whole country (ISO 3166-1 alpha-2), None where there are none."""
    return all_jurisdictions().get(country)


def parts_of(country: str) -> tuple[Jurisdiction, ...]:
    """Return the facts for parts of a country that have a law of their own; none for most countries."""
    return tuple(one for one in all_jurisdictions().values() if one.country == country != one.code)


def answer_due_on(country: str, received_on: date, promised_days: int) -> date:
    """Return the last day on which an answer is in time.

    Args:
        country: where the person lives, ISO 3166-1 alpha-2.
        received_on: the day of receipt in the controller's place.
        promised_days: within which the controller promises an answer where no law sets a date.

    Where the law sets no date for the whole country, a part of it may still set one. Nobody is asked in which part
    they live, so the earliest date of the parts and of the promise holds for everybody there.
    """
    jurisdiction = find_jurisdiction(country)
    if jurisdiction is not None and jurisdiction.period is not None:
        return due_on(received_on, jurisdiction.period)
    periods = [Period(promised_days, PeriodUnit.DAY), *(part.period for part in parts_of(country) if part.period)]
    return min(due_on(received_on, period) for period in periods)


@cache
def all_jurisdictions() -> dict[str, Jurisdiction]:
    """Return every entry by its code. Reads the file once a process."""
    raw = files("demur.docket").joinpath("data/jurisdictions.yaml").read_bytes()
    facts = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (safe)
    rules = facts["rules"]
    # What an entry says itself goes before what its rules say for many.
    entries = (rules.get(entry.get("rules_ref"), {}) | entry for entry in facts["jurisdictions"])
    return {entry["code"]: _jurisdiction(entry) for entry in entries}


def _jurisdiction(entry: dict[str, Any]) -> Jurisdiction:
    response, authority, right = entry["response"], entry["authority"], entry["right"]
    national_law = entry.get("national_law")
    return Jurisdiction(
        code=entry["code"],
        country=entry["country"],
        name=entry["name_local"],
        law=LawName(entry["law"], entry.get("law_language", _ENGLISH)),
        national_law=(LawName(national_law, entry.get("national_law_language", _ENGLISH)) if national_law else None),
        kind=RightKind(right["kind"]),
        article=right["article"],
        reasons_needed=ReasonsNeeded(entry["reasons_needed"]),
        period=Period(response["value"], PeriodUnit(response["unit"])) if response else None,
        rights_from=entry.get("in_force", {}).get("rights_from", ""),
        change_pending="pending_change" in entry,
        confidence=Confidence(entry["confidence"]),
        authority=Authority(authority["name"], authority["website"], authority.get("complaint_url", "")),
    )
