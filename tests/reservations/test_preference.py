from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.reservations.preference import (
    NOTHING_SAID,
    Preference,
    Word,
    any_training,
    combine,
    no_training,
    nothing_said,
    undetermined,
)

PREFERENCES = st.builds(
    Preference,
    st.sampled_from(Word),
    st.sampled_from(Word),
    st.frozensets(st.sampled_from(["inferred", "malformed_intent"])),
    st.booleans(),
)


def test_no_word_at_all_is_nothing_said() -> None:
    assert combine([]) == NOTHING_SAID == nothing_said()


@given(st.lists(PREFERENCES))
def test_a_no_is_never_turned_by_what_others_say(said: list[Preference]) -> None:
    together = combine([*said, no_training()])
    assert together.train is together.genai is Word.DENY


@given(st.lists(PREFERENCES))
def test_a_yes_needs_somebody_who_said_it(said: list[Preference]) -> None:
    together = combine(said)
    assert together.train is not Word.ALLOW or any(one.train is Word.ALLOW for one in said)
    assert together.genai is not Word.ALLOW or any(one.genai is Word.ALLOW for one in said)


@given(st.lists(PREFERENCES), st.randoms())
def test_order_and_repetition_make_no_difference(said: list[Preference], lots: Random) -> None:
    shuffled = said + said
    lots.shuffle(shuffled)
    assert combine(shuffled) == combine(said)


def test_what_nobody_could_read_stays_unread_beside_a_yes() -> None:
    assert combine([any_training(), undetermined("cut")]) == Preference(
        Word.ALLOW, Word.ALLOW, frozenset({"cut"}), is_undetermined=True
    )


@pytest.mark.parametrize("genai", Word)
def test_a_no_to_training_is_one_to_generative_training(genai: Word) -> None:
    assert combine([Preference(Word.DENY, genai)]).genai is Word.DENY


def test_a_no_to_generative_training_alone_leaves_the_other_open() -> None:
    assert combine([Preference(genai=Word.DENY), any_training()]) == Preference(Word.ALLOW, Word.DENY)
