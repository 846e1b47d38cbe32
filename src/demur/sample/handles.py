"""The handles of made-up accounts: current and past, some given up and later taken by somebody else.

Every handle is unique in its product at every instant, by construction: a style of words and separators for each use,
ended by a number that is unique in that style.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demur.sample.names import NICKNAME_FIRST, NICKNAME_SECOND
from demur.sample.timeline import SAMPLE_END, SAMPLE_START, to_us

Indices = npt.NDArray[np.int32]

NEVER_US = np.iinfo(np.int64).min
"""A change of handle that did not happen: every instant lies after it, so the newest slot applies."""

_RENAMED_SHARE = 0.12
_RENAMED_TWICE_SHARE = 0.2
_TAKEN_OVER_EVERY = 5
_CROSS_PRODUCT_SHARE = 0.1
_SAME_HANDLE_SHARE = 0.7


@dataclass(frozen=True)
class Handles:
    """What each of m accounts was called when.

    Attributes:
        texts: string array of every handle that may be used, without "@".
        slots: int32 (m, 3), oldest first, always ending in the current one, as indices into `texts`.
        changed_at_us: int64 (m, 2), NEVER_US where nothing changed. At time t the account is called by slot
            (t >= first change) + (t >= second change).
    """

    texts: pa.StringArray
    slots: Indices
    changed_at_us: npt.NDArray[np.int64]

    def at(self, accounts: Indices, instants_us: npt.NDArray[np.int64]) -> Indices:
        """Return, as indices into `texts`, what each account was called at each instant."""
        changes = self.changed_at_us[accounts]
        slot = (instants_us >= changes[:, 0]).astype(np.int8) + (instants_us >= changes[:, 1])
        called: Indices = self.slots[accounts, slot]
        return called


def make_handles(
    rng: np.random.Generator,
    words: tuple[pa.StringArray, pa.StringArray],
    account_of: Indices,
    account_person: Indices,
    is_linked: npt.NDArray[np.bool_],
) -> Handles:
    """Name every account, now and in the past.

    Args:
        rng: the generator of the people.
        words: given name and surname of every person, as handles write them.
        account_of: int32 (2, n), as in People.
        account_person: int32 (m,), as in People.
        is_linked: bool (n,), as in People.
    """
    people, count = account_of.shape[1], len(account_person)
    texts = pa.concat_arrays(
        [
            _worded(words[0], ".", words[1], rng.permutation(people)),
            _worded(words[1], "_", words[0], rng.permutation(people)),
            _nicknames(rng, "_", count),
            _nicknames(rng, ".", count),
        ]
    )
    current = _current_handles(rng, account_of, account_person, is_linked)
    past = 2 * people + np.arange(count, dtype=np.int32)
    slots = np.stack([past + count, past, current], axis=1).astype(np.int32)
    changed_at_us = _changes(rng, count)
    split = int((account_of[0] >= 0).sum())
    for product in (slice(0, split), slice(split, count)):
        _take_over_given_up_handles(slots[product], changed_at_us[product, 1])
    return Handles(texts, slots, changed_at_us)


def _worded(
    first: pa.StringArray, separator: str, second: pa.StringArray, numbers: npt.NDArray[np.integer]
) -> pa.StringArray:
    stem = pc.binary_join_element_wise(first, second, separator)
    return pc.binary_join_element_wise(stem, pa.array(numbers).cast(pa.string()), "")


def _nicknames(rng: np.random.Generator, separator: str, count: int) -> pa.StringArray:
    first, second = (pa.array(words.split()) for words in (NICKNAME_FIRST, NICKNAME_SECOND))
    return _worded(
        first.take(pa.array(rng.integers(0, len(first), count))),
        separator,
        second.take(pa.array(rng.integers(0, len(second), count))),
        rng.permutation(count),
    )


def _current_handles(
    rng: np.random.Generator, account_of: Indices, account_person: Indices, is_linked: npt.NDArray[np.bool_]
) -> Indices:
    """Name accounts after their person; some agora accounts like a lumen account of somebody else."""
    people = account_of.shape[1]
    current = account_person.astype(np.int32).copy()
    in_agora = np.arange(len(account_person)) >= int((account_of[0] >= 0).sum())
    has_lumen = account_of[0, account_person] >= 0
    same = is_linked[account_person] & (rng.random(len(account_person)) < _SAME_HANDLE_SHARE)
    current[in_agora & has_lumen & ~same] += people
    only_lumen = np.flatnonzero((account_of[0] >= 0) & (account_of[1] < 0))
    candidates = np.flatnonzero(in_agora & ~has_lumen)
    shared = min(len(only_lumen), math.ceil(len(candidates) * _CROSS_PRODUCT_SHARE))
    current[rng.permutation(candidates)[:shared]] = rng.permutation(only_lumen)[:shared]
    return current


def _changes(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """Return two instants an account, the first before the second; NEVER_US for those that did not change."""
    renamed = rng.random(count) < _RENAMED_SHARE
    twice = renamed & (rng.random(count) < _RENAMED_TWICE_SHARE)
    start, end = to_us(SAMPLE_START), to_us(SAMPLE_END)
    middle = (start + end) // 2
    first = np.where(twice, rng.integers(start, middle, count), NEVER_US)
    second = np.where(renamed, rng.integers(middle, end, count), NEVER_US)
    return np.stack([first, second], axis=1)


def _take_over_given_up_handles(slots: Indices, last_change_us: npt.NDArray[np.int64]) -> None:
    """Let some accounts of one product take, at their last change, what the account before them gave up at its own."""
    renamed = np.flatnonzero(last_change_us != NEVER_US)
    by_time = renamed[np.argsort(last_change_us[renamed], kind="stable")]
    pairs = by_time[: len(by_time) - 1 : _TAKEN_OVER_EVERY], by_time[1::_TAKEN_OVER_EVERY]
    given_up, taking = (side[: len(pairs[1])] for side in pairs)
    later = last_change_us[taking] > last_change_us[given_up]
    slots[taking[later], 2] = slots[given_up[later], 1]
