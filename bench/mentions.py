"""Mentions in texts against ahocorasick_rs and pyahocorasick: megabytes of text a second, on one core.

    .venv/bin/python bench/mentions.py                       1 million patterns, 20 MB of text, 5 rounds
    .venv/bin/python bench/mentions.py --patterns 10000000 --alone

Half of the patterns are names, the others handles, e-mail addresses and phone numbers. One text in a hundred mentions
somebody on the list. The peers look for lower-case patterns in lower-cased texts, without word boundaries or other ways
of writing; the gate's figure includes the comparison in full. Building is timed apart.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pydoc_data.topics import topics

import ahocorasick
import ahocorasick_rs
import pyarrow as pa

from bench_list import seal_people
from demur.core.identifier import IdentifierKind
from demur.core.note import Signer
from demur.gate.mentions.mention_index import MentionIndex
from demur.gate.suppression_list import SuppressionList, load_suppression_list
from demur.sample.names import GIVEN_NAMES

_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_TEXT_CHARS = 200
_MENTIONING_SHARE = 0.01


def make_patterns(count: int, draw: random.Random) -> dict[IdentifierKind, list[str]]:
    """Return made-up people: half names, a quarter handles, a sixth addresses, the others phone numbers.

    Given names are those of the sample platform; all else is drawn by the syllable.
    """

    def word(syllables: int) -> str:
        return "".join(draw.choice(_CONSONANTS) + draw.choice(_VOWELS) for _ in range(syllables))

    given = [name for names in GIVEN_NAMES.values() for name in names.split()]
    return {
        IdentifierKind.NAME: [f"{draw.choice(given)} {word(draw.choice((3, 4)))}" for _ in range(count // 2)],
        IdentifierKind.HANDLE: [f"{word(3)}_{number}" for number in range(count // 4)],
        IdentifierKind.EMAIL: [f"{word(2)}.{word(3)}@mail.example" for number in range(count // 6)],
        IdentifierKind.PHONE: [f"+3519{number:08d}" for number in range(count // 12)],
    }


def make_texts(megabytes: int, patterns: dict[IdentifierKind, list[str]], draw: random.Random) -> list[str]:
    """Return pieces of Python's own manual of about 200 characters, one in a hundred with a mention."""
    manual = "".join(topics.values()).encode("ascii", "ignore").decode()
    texts, size = [], 0
    kinds = list(patterns)
    while size < megabytes << 20:
        start = draw.randrange(len(manual) - _TEXT_CHARS)
        text = manual[start : start + _TEXT_CHARS]
        if draw.random() < _MENTIONING_SHARE:
            kind = draw.choice(kinds)
            text += f" {'@' if kind is IdentifierKind.HANDLE else ''}{draw.choice(patterns[kind])}"
        texts.append(text)
        size += len(text)
    return texts


def make_list(patterns: dict[IdentifierKind, list[str]]) -> SuppressionList:
    """Return a list that holds the patterns."""
    people = ((kind, value) for kind, values in patterns.items() for value in values)
    signer, key = Signer("bench.example/list", bytes(32)), bytes(32)
    return load_suppression_list(seal_people(people, key, signer), signer.verifier_key, key, datetime.now(UTC))


def timed(what: str, build: Callable[[], Callable[[], int]]) -> Callable[[], int]:
    """Build a contestant, say how long it took, and let it warm up."""
    began = time.process_time()
    run = build()
    print(f"{what}: built in {time.process_time() - began:.1f} s, {run():,} texts found")
    return run


def main() -> None:
    """Build every contestant, and run each once a round."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--patterns", type=int, default=1_000_000)
    options.add_argument("--megabytes", type=int, default=20)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--alone", action="store_true", help="without the peers, which take tens of bytes a letter")
    given = options.parse_args()
    draw = random.Random(1)
    patterns = make_patterns(given.patterns, draw)
    texts = make_texts(given.megabytes, patterns, draw)
    megabytes = sum(map(len, texts)) / 1e6
    column = pa.array(texts)
    suppressions = make_list(patterns)
    index_once(column)

    def gate() -> Callable[[], int]:
        index = MentionIndex(suppressions)
        return lambda: int(index.contains(column).sum())

    lowered = [] if given.alone else sorted({value.lower() for values in patterns.values() for value in values})

    def rust() -> Callable[[], int]:
        automaton = ahocorasick_rs.AhoCorasick(lowered, store_patterns=False)
        return lambda: sum(bool(automaton.find_matches_as_indexes(text.lower())) for text in texts)

    def c_module() -> Callable[[], int]:
        automaton = ahocorasick.Automaton()
        for value in lowered:
            automaton.add_word(value, 1)
        automaton.make_automaton()
        return lambda: sum(any(True for _ in automaton.iter(text.lower())) for text in texts)

    peers = {} if given.alone else {"ahocorasick_rs": rust, "pyahocorasick": c_module}
    runs = {name: timed(name, build) for name, build in {"gate": gate, **peers}.items()}
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(given.rounds):
        for name, run in runs.items():
            began = time.process_time()
            run()
            speeds[name].append(megabytes / (time.process_time() - began))
    middle = {name: statistics.median(each) for name, each in speeds.items()}
    print(f"\n{given.patterns:,} patterns, {megabytes:.0f} MB, medians of {given.rounds} rounds, CPU seconds")
    for name, speed in middle.items():
        ratios = statistics.median(own / peer for own, peer in zip(speeds["gate"], speeds[name], strict=True))
        low, high = min(speeds[name]), max(speeds[name])
        print(f"{name:15} {speed:6.1f} MB/s ({low:.0f}-{high:.0f}), gate {ratios:4.1f} times  {'#' * int(speed / 4)}")


def index_once(column: pa.Array) -> None:
    """Let everything be compiled before the clock runs."""
    few = {
        kind: [value]
        for kind, value in zip(IdentifierKind, ["b:a", "a", "a@b.example", "+12345678", "a b"], strict=False)
    }
    MentionIndex(make_list(few)).contains(column[:10])


if __name__ == "__main__":
    main()
