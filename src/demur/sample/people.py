"""The made-up people: who they are and which accounts they have.

Everything is an array over people or over accounts. A person is an index from 0, and so is an account: first those of
the photo-sharing app (lumen), then those of the social network (agora), each in the order of their people.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.sample.columns import numbered
from demur.sample.handles import Handles, make_handles
from demur.sample.names import (
    EMAIL_DOMAINS,
    GIVEN_NAMES,
    LANGUAGE_SHARES,
    LANGUAGES,
    SURNAMES,
    ascii_handle_part,
)
from demur.sample.randomness import Stream, generator

Indices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

PRODUCTS = ("lumen", "agora", "muse")
"""Photo-sharing app, social network, assistant; the first two have accounts of their own."""

NO_ACCOUNT = -1

_ID_DIGITS = 7
_MINOR_SHARE = 0.06


class _Membership(IntEnum):
    NONE = 0
    LUMEN = 1
    AGORA = 2
    BOTH_LINKED = 3
    BOTH_NOT_LINKED = 4


_MEMBERSHIP_SHARES = (0.1, 0.42, 0.14, 0.22, 0.12)


@dataclass(frozen=True)
class People:
    """n people and m accounts.

    Attributes:
        language: int8 (n,), index into LANGUAGES.
        full_names: string array (n,); many people may have the same.
        emails: string array (n,); nobody has another's.
        is_minor: bool (n,).
        is_linked: bool (n,); the controller knows both accounts to be one person's.
        account_of: int32 (2, n), the person's account in lumen and in agora, NO_ACCOUNT for none.
        account_person: int32 (m,).
        accounts: string array (m,), `lumen:p…` or `agora:a…`.
        handles: what the accounts are and were called.
    """

    language: npt.NDArray[np.int8]
    full_names: pa.StringArray
    emails: pa.StringArray
    is_minor: Flags
    is_linked: Flags
    account_of: Indices
    account_person: Indices
    accounts: pa.StringArray
    handles: Handles

    @property
    def size(self) -> int:
        """How many people there are."""
        return len(self.language)

    def has_account(self) -> Flags:
        """Tell who has an account in any product."""
        has_any: Flags = np.any(self.account_of >= 0, axis=0)
        return has_any

    def members(self, product_index: int) -> Indices:
        """Return the people with an account in lumen (0) or agora (1), ascending."""
        return np.flatnonzero(self.account_of[product_index] >= 0).astype(np.int32)

    def person_ids(self) -> pa.StringArray:
        """Return the ids that the truth uses; the platform's own account ids do not resemble them."""
        return numbered("person-", np.arange(self.size), _ID_DIGITS)


def make_people(count: int, seed: int) -> People:
    """Make people; the same count and seed give the same people."""
    rng = generator(seed, Stream.PEOPLE)
    language = rng.choice(len(LANGUAGES), count, p=LANGUAGE_SHARES).astype(np.int8)
    membership = rng.choice(len(_Membership), count, p=_MEMBERSHIP_SHARES)
    membership[: len(_Membership)] = list(_Membership)  # however small a sample is, it has each
    is_linked = membership == _Membership.BOTH_LINKED
    account_of = _number_accounts(membership)
    account_person = np.concatenate([np.flatnonzero(row >= 0) for row in account_of]).astype(np.int32)
    given = _Names(GIVEN_NAMES, rng, language)
    surname = _Names(SURNAMES, rng, language)
    words = given.ascii, surname.ascii
    return People(
        language=language,
        full_names=pc.binary_join_element_wise(given.texts, surname.texts, " "),
        emails=_emails(rng, words),
        is_minor=rng.random(count) < _MINOR_SHARE,
        is_linked=is_linked,
        account_of=account_of,
        account_person=account_person,
        accounts=_account_ids(rng, account_of),
        handles=make_handles(rng, words, account_of, account_person, is_linked),
    )


class _Names:
    """One name a person out of the bank of their language, as written and as in handles."""

    def __init__(self, bank: dict[str, str], rng: np.random.Generator, language: npt.NDArray[np.int8]) -> None:
        names = [bank[code].split() for code in LANGUAGES]
        width = min(len(row) for row in names)
        flat = [name for row in names for name in row[:width]]
        picked = pa.array(language.astype(np.int32) * width + rng.integers(0, width, len(language)))
        self.texts: pa.StringArray = pa.array(flat).take(picked)
        self.ascii: pa.StringArray = pa.array([ascii_handle_part(name) for name in flat]).take(picked)


def _number_accounts(membership: npt.NDArray[np.int64]) -> Indices:
    both = (_Membership.BOTH_LINKED, _Membership.BOTH_NOT_LINKED)
    in_lumen = np.isin(membership, (_Membership.LUMEN, *both))
    in_agora = np.isin(membership, (_Membership.AGORA, *both))
    lumen = np.where(in_lumen, np.cumsum(in_lumen) - 1, NO_ACCOUNT)
    agora = np.where(in_agora, in_lumen.sum() + np.cumsum(in_agora) - 1, NO_ACCOUNT)
    return np.stack([lumen, agora]).astype(np.int32)


def _account_ids(rng: np.random.Generator, account_of: Indices) -> pa.StringArray:
    """Return stable ids whose numbers tell nothing: neither the person nor that two accounts are one person's."""
    people = account_of.shape[1]
    ids = [
        numbered(prefix, rng.permutation(people)[row >= 0], _ID_DIGITS)
        for prefix, row in zip(("lumen:p", "agora:a"), account_of, strict=True)
    ]
    return pa.concat_arrays(ids)


def _emails(rng: np.random.Generator, words: tuple[pa.StringArray, pa.StringArray]) -> pa.StringArray:
    count = len(words[0])
    box = pc.binary_join_element_wise(words[0], words[1], ".")
    box = pc.binary_join_element_wise(box, pa.array(rng.permutation(count)).cast(pa.string()), "")
    domain = pa.array(EMAIL_DOMAINS).take(pa.array(rng.integers(0, len(EMAIL_DOMAINS), count)))
    return pc.binary_join_element_wise(box, domain, "@")
