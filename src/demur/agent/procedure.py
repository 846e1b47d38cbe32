"""Procedures: how one objects at a platform that does not run Demur.

The directory is package data with a source for each entry (`data/platforms.yaml`). It is validated when it is read:
a person must not be led through half an entry.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from demur.agent.errors import DirectoryError

CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True)
class Procedure:
    """One way to object at one platform.

    Attributes:
        procedure_id: stable id, e.g. `meta-instagram-web-2025`.
        product: the platform's or product's name.
        controller: who is responsible for it.
        channel: e.g. `web-form`, `settings`, `email`.
        entry_url: where to begin; None if no address is supported by a source.
        steps: what to do, in order, in our own words; empty where no way to object is known.
        regions: country codes and unions (`EU`, `EEA`) for which it was reported.
        effect: what it changes and what not.
        status: e.g. `reported-current`, `superseded-in-eu-uk`.
        source_date: the date of the youngest source, `YYYY` or `YYYY-MM`.
        confidence: high, medium or low.
        sources: where this is known from.
    """

    procedure_id: str
    product: str
    controller: str
    channel: str
    entry_url: str | None
    steps: tuple[str, ...]
    regions: tuple[str, ...]
    effect: str
    status: str
    source_date: str
    confidence: str
    sources: tuple[str, ...]

    @property
    def is_superseded(self) -> bool:
        """Whether a newer procedure is known to have taken its place."""
        return self.status.startswith("superseded")


def parse_directory(text: str) -> list[Procedure]:
    """Parse and validate a directory of procedures.

    Raises:
        DirectoryError: not YAML, or an entry that is not whole; the message names the entry.
    """
    try:
        entries = yaml.safe_load(text)["platforms"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise DirectoryError('the directory of procedures is not YAML with a list "platforms"') from error
    procedures = [_parse_procedure(entry, number) for number, entry in enumerate(entries, start=1)]
    if len({procedure.procedure_id for procedure in procedures}) != len(procedures):
        raise DirectoryError("the directory of procedures has two entries with the same id")
    return procedures


def load_directory() -> list[Procedure]:
    """Return the procedures that came with this version, in their file's order."""
    return parse_directory((files("demur.agent") / "data" / "platforms.yaml").read_text())


def find_procedures(procedures: list[Procedure], words: str) -> list[Procedure]:
    """Return the procedures whose product, controller or id has every one of these words, newest first."""
    wanted = words.casefold().split()

    def has_all(procedure: Procedure) -> bool:
        haystack = f"{procedure.product} {procedure.controller} {procedure.procedure_id}".casefold()
        return all(word in haystack for word in wanted)

    found = [procedure for procedure in procedures if has_all(procedure)]
    return sorted(found, key=lambda procedure: (not procedure.is_superseded, procedure.source_date), reverse=True)


def _parse_procedure(entry: Any, number: int) -> Procedure:
    try:
        procedure = Procedure(
            procedure_id=str(entry["id"]),
            product=str(entry["product"]),
            controller=str(entry["controller"]["name"]),
            channel=str(entry["channel"]),
            entry_url=None if entry["entry_url"] is None else str(entry["entry_url"]),
            steps=tuple(str(step) for step in entry["steps"]),
            regions=tuple(str(region) for region in entry["eligible"].get("regions") or ()),
            effect=str(entry["effect"]),
            status=str(entry["status"]),
            source_date=str(entry["source_date"]),
            confidence=str(entry["confidence"]),
            sources=tuple(str(source) for source in entry["sources"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DirectoryError(f"entry {number} of the directory of procedures is not whole: {error}") from error
    if procedure.confidence not in CONFIDENCES:
        raise DirectoryError(f"entry {number} of the directory of procedures has an unknown confidence")
    if not procedure.sources:
        raise DirectoryError(f"entry {number} of the directory of procedures has no sources")
    return procedure
