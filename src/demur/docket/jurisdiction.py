"""What the law of a country says about objecting: facts from data/jurisdictions.yaml, with their sources there."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from demur.core.deadline import GDPR_PERIOD, Period, PeriodUnit


class ReasonsNeeded(StrEnum):
    """Whether the law asks the person for reasons."""

    PARTICULAR_SITUATION = "particular-situation"
    NO = "no"
    YES = "yes"
    NON_COMPLIANCE = "non-compliance-should-be-stated"
    FOR_DISSEMINATION_ONLY = "for-28.1-yes"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True)
class Authority:
    """A supervisory authority: `name` in its own language, `complaint_url` empty where none is known."""

    name: str
    name_english: str
    website: str
    complaint_url: str


@dataclass(frozen=True)
class Jurisdiction:
    """The law that applies to a person by where they live.

    Attributes:
        code: of the entry; for a whole country the same as `country`.
        country: ISO 3166-1 alpha-2.
        name: in English.
        law: the law's name.
        article: where the right stands in it; "none" where there is no such right.
        reasons_needed: whether the law asks for reasons.
        period: for an answer; None where the facts have no fixed period.
        authority: to which a person can complain.
    """

    code: str
    country: str
    name: str
    law: str
    article: str
    reasons_needed: ReasonsNeeded
    period: Period | None
    authority: Authority


def find_jurisdiction(country: str) -> Jurisdiction | None:
    """Return the facts for a whole country (ISO 3166-1 alpha-2), None where there are none."""
    return all_jurisdictions().get(country)


def answer_period(country: str) -> Period:
    """Return the period for an answer: the country's own, or the GDPR's where the facts have none."""
    jurisdiction = find_jurisdiction(country)
    return (jurisdiction and jurisdiction.period) or GDPR_PERIOD


@cache
def all_jurisdictions() -> dict[str, Jurisdiction]:
    """Return every entry by its code. Reads the file once a process."""
    raw = files("demur.docket").joinpath("data/jurisdictions.yaml").read_bytes()
    entries = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["jurisdictions"]  # noqa: S506  (safe)
    return {entry["code"]: _jurisdiction(entry) for entry in entries}


def _jurisdiction(entry: dict[str, Any]) -> Jurisdiction:
    response, authority = entry["response"], entry["authority"]
    return Jurisdiction(
        code=entry["code"],
        country=entry["country"],
        name=entry["name"],
        law=entry["law"],
        article=entry["right"]["article"],
        reasons_needed=ReasonsNeeded(entry["reasons_needed"]),
        period=Period(response["value"], PeriodUnit(response["unit"])) if response else None,
        authority=Authority(
            authority["name"],
            authority["name_en"],
            authority["website"],
            authority.get("complaint_url", ""),
        ),
    )
