"""The rules: each is a module with its reason code, and decides alone.

A rule is a function from a mapped batch to the rows that it withholds. It never sees another rule's answer, so a row
carries every reason that applies. A rule whose answer changes for any row gets a higher `VERSION`. What cannot be
decided is withheld, with a reason of its own.

Those about pictures and about the web are asked last, and only of rows that no other rule withholds: a picture costs a
thousand times what a row costs.
"""

from collections.abc import Iterable
from typing import Final, Protocol

from demur.controller.catalogue import Catalogue
from demur.core.identifier import IdentifierKind
from demur.gate.mapped_batch import MappedBatch, Role
from demur.gate.mapping import SourceMapping
from demur.gate.membership import Places
from demur.gate.rules import (
    audience_missing,
    author_missing,
    author_objected,
    author_unreadable,
    face_objected,
    mentioned_person_objected,
    minor,
    minority_unknown,
    not_in_catalogue,
    not_public,
    photo_objected,
    photo_unreadable,
    private_message,
    reservation_undecided,
    reserved_by_source,
    reserved_in_file,
    source_undecided,
    tagged_person_objected,
    tagged_unreadable,
    text_unreadable,
    unknown_kind,
)
from demur.gate.string_window import BoolMask
from demur.gate.suppression_list import SuppressionList


class Rule(Protocol):
    """What every module of this package offers."""

    @property
    def CODE(self) -> str:  # noqa: N802  (a constant of a module)
        """The reason, as withheld files and manifests spell it."""
        ...

    @property
    def VERSION(self) -> int:  # noqa: N802
        """Counts from 1; higher whenever the same row and list could get another answer."""
        ...

    @property
    def ROLES(self) -> tuple[Role, ...]:  # noqa: N802
        """The roles whose columns the rule reads."""
        ...

    @property
    def IDENTIFIERS(self) -> tuple[IdentifierKind, ...]:  # noqa: N802
        """The kinds of list entries that the rule looks for."""
        ...

    def find_withheld(self, batch: MappedBatch, suppressions: SuppressionList, /) -> BoolMask:
        """Return which of n rows must not train for this reason: bool[n]."""
        ...


class ObjectionRule(Rule, Protocol):
    """What a rule offers besides that looks for entries of the list."""

    def find_entries(self, batch: MappedBatch, suppressions: SuppressionList, /) -> tuple[Places, Places]:
        """Return pairs of a row of the batch and an entry of the list that the row was found by: int64[m] each.

        An entry stands for all of its kind and value: it is the first of them, by its place in the list.
        """
        ...


RULES: Final[tuple[Rule, ...]] = (
    private_message,
    not_public,
    not_in_catalogue,
    minor,
    author_objected,
    tagged_person_objected,
    unknown_kind,
    audience_missing,
    minority_unknown,
    author_missing,
    author_unreadable,
    tagged_unreadable,
    mentioned_person_objected,
    text_unreadable,
    photo_objected,
    reserved_in_file,
    photo_unreadable,
    reservation_undecided,
    reserved_by_source,
    source_undecided,
    face_objected,
)
"""Every rule. Their order is the order of a row's reasons; new ones come last, so that the bits of the others stay."""

OBJECTION_RULES: Final[tuple[ObjectionRule, ...]] = (
    author_objected,
    tagged_person_objected,
    mentioned_person_objected,
    photo_objected,
    face_objected,
)
"""Those that look for entries of the list."""

LATE_RULES: Final[tuple[Rule, ...]] = (
    photo_objected,
    reserved_in_file,
    photo_unreadable,
    reservation_undecided,
    reserved_by_source,
    source_undecided,
    face_objected,
)
"""Those that are asked last."""


def kinds_not_applied(rules: Iterable[Rule], suppressions: SuppressionList) -> tuple[str, ...]:
    """Return the kinds that a list holds and none of these rules looks for."""
    applied = {str(kind) for rule in rules for kind in rule.IDENTIFIERS}
    return tuple(kind for kind in suppressions.kinds if kind not in applied)


def rules_for(mapping: SourceMapping, catalogue: Catalogue | None = None) -> tuple[Rule, ...]:
    """Return the rules that run: not those about what the mapping leaves out, nor the catalogue's without one."""
    absent = {Role.TAGGED_ACCOUNTS} if mapping.tagged_accounts is None else set()
    if catalogue is None:
        absent.add(Role.PRODUCT)
    if Role.TEXT not in mapping.others:
        absent.add(Role.TEXT)
    if mapping.image is None:
        absent.add(Role.IMAGE)
    if mapping.web is None:
        absent.add(Role.WEB_URL)
    return tuple(rule for rule in RULES if not absent.intersection(rule.ROLES))
