"""People, their handles and friendships: the traps that a real platform has, and the shape of its activity."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from demur.core.identifier import check_account, normalise_email, normalise_handle
from demur.sample.columns import lists_of, numbered
from demur.sample.friendships import NOBODY, ZIPF_EXPONENT, ZIPF_OFFSET, Outsiders, make_circle
from demur.sample.handles import NEVER_US
from demur.sample.people import People, make_people
from demur.sample.randomness import Stream, generator


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(3_000, seed=5)


def test_ids_handles_and_addresses_are_in_the_form_in_which_they_are_compared(people: People) -> None:
    for handle in people.handles.texts.to_pylist():
        assert normalise_handle(f"@{handle}") == handle
    for account in people.accounts.to_pylist():
        assert check_account(account) == account
    for email in people.emails.to_pylist():
        assert normalise_email(email) == email


def test_account_ids_are_unique_and_do_not_tell_whose_they_are(people: People) -> None:
    accounts = people.accounts.to_pylist()
    assert len(set(accounts)) == len(accounts)
    both = people.account_of[:, (people.account_of != -1).all(axis=0)]
    numbers = [
        [account.split(":")[1][1:] for account in people.accounts.take(pa.array(row)).to_pylist()] for row in both
    ]
    assert sum(one == other for one, other in zip(*numbers, strict=True)) < 10


def test_in_a_product_a_handle_belongs_to_one_account_at_every_instant(people: People) -> None:
    split = len(people.members(0))
    spans = defaultdict(list)
    handles = people.handles
    for account in range(len(people.accounts)):
        begin = NEVER_US
        for slot, end in enumerate([*handles.changed_at_us[account].tolist(), np.iinfo(np.int64).max]):
            if end != NEVER_US:
                spans[account < split, int(handles.slots[account, slot])].append((begin, end))
                begin = end
    shared = [sorted(span) for span in spans.values() if len(span) > 1]
    assert len(shared) > 20, "some handles were given to somebody else later"
    for span in shared:
        assert all(one[1] < other[0] for one, other in pairwise(span))


def test_a_few_handles_mean_different_people_in_the_two_products(people: People) -> None:
    split = len(people.members(0))
    current = people.handles.slots[:, 2]
    lumen = dict(zip(current[:split].tolist(), people.account_person[:split].tolist(), strict=True))
    agora = dict(zip(current[split:].tolist(), people.account_person[split:].tolist(), strict=True))
    common = lumen.keys() & agora.keys()
    assert sum(lumen[handle] != agora[handle] for handle in common) > 10
    assert sum(lumen[handle] == agora[handle] for handle in common) > 100


def test_handles_are_those_of_the_instant(people: People) -> None:
    changes = people.handles.changed_at_us
    account = np.flatnonzero((changes != NEVER_US).all(axis=1))[:1].astype(np.int32)
    first, second = changes[account[0]].tolist()
    slots = people.handles.slots[account[0]].tolist()
    at = [(first - 1, 0), (first, 1), (second - 1, 1), (second, 2)]
    assert [people.handles.at(account, np.array([instant]))[0] for instant, _ in at] == [slots[s] for _, s in at]
    assert len(set(slots)) == 3


def test_some_people_share_their_full_name(people: People) -> None:
    names = people.full_names.to_pylist()
    assert len(set(names)) < len(names)


def test_activity_follows_zipfs_law(people: People) -> None:
    circle = make_circle(people, 0, seed=5)
    authors = circle.draw_authors(generator(1, Stream.LAKE), 400_000)
    counts = np.sort(np.bincount(authors))[::-1]
    ranks = np.arange(1, 1_001)
    slope = np.polyfit(np.log(ranks + ZIPF_OFFSET), np.log(counts[:1_000]), 1)[0]
    assert slope == pytest.approx(-ZIPF_EXPONENT, abs=0.1)
    assert 0.005 < counts[0] / counts.sum() < 0.03
    assert set(np.unique(authors)) <= set(people.members(0).tolist())


@pytest.mark.parametrize("product_index", [0, 1])
def test_friendship_goes_both_ways_between_members_and_never_to_oneself(people: People, product_index: int) -> None:
    circle = make_circle(people, product_index, seed=5)
    pairs = {
        (person, friend)
        for person in range(people.size)
        for friend in circle.friends[circle.starts[person] : circle.starts[person + 1]].tolist()
    }
    assert len(pairs) == len(circle.friends)
    assert all((friend, person) in pairs and friend != person for person, friend in pairs)
    assert {person for person, _ in pairs} <= set(people.members(product_index).tolist())


def test_friends_drawn_are_friends_and_nobody_where_there_are_none(people: People) -> None:
    circle = make_circle(people, 1, seed=5)
    everybody = np.arange(people.size, dtype=np.int32)
    drawn = circle.draw_friends(generator(1, Stream.LAKE), everybody)
    for person, friend in zip(everybody.tolist(), drawn.tolist(), strict=True):
        friends = circle.friends[circle.starts[person] : circle.starts[person + 1]].tolist()
        assert friend in friends if friends else friend == NOBODY


def test_most_friends_share_a_language(people: People) -> None:
    circle = make_circle(people, 0, seed=5)
    person = np.repeat(np.arange(people.size), np.diff(circle.starts))
    assert (people.language[person] == people.language[circle.friends]).mean() > 0.6


def test_outsiders_known_have_no_account_and_are_few_for_each_author(people: People) -> None:
    author = np.full(100, people.members(0)[0], dtype=np.int32)
    known = Outsiders(people).known_by(author, generator(1, Stream.LAKE))
    assert not people.has_account()[known].any()
    assert 1 <= len(set(known.tolist())) <= 3


def test_numbered_pads_with_zeros_and_lists_are_consecutive() -> None:
    assert numbered("r", np.array([0, 42, 9_999]), 4).to_pylist() == ["r0000", "r0042", "r9999"]
    values = pa.array(["a", "b", "c"])
    assert lists_of(np.array([2, 0, 1]), values).to_pylist() == [["a", "b"], [], ["c"]]
