from pathlib import Path

import pytest

from demur.sample.platform import SampleRequest, generate

PEOPLE, ROWS, SEED, PHOTOS = 400, 12_000, 11, 48


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample platform that every test of this room reads and none changes."""
    out = tmp_path_factory.mktemp("platform") / "sample"
    generate(SampleRequest(out=out, people=PEOPLE, rows=ROWS, seed=SEED, photos=PHOTOS), lambda _done, _total: None)
    return out
