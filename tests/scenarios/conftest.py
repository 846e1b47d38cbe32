import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from demur.cli.processes import Installation, Ports

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def prepared_home(home: Path, people: int, rows: int) -> Path:
    """Make a home folder in a process of its own: Django's settings of this one are already fixed."""
    code = (
        "import sys; from pathlib import Path; from rich.console import Console\n"
        "from demur.cli.run import prepare_home\n"
        "prepare_home(Path(sys.argv[1]), Console(quiet=True), people=int(sys.argv[2]), rows=int(sys.argv[3]))"
    )
    subprocess.run([sys.executable, "-c", code, str(home), str(people), str(rows)], check=True)
    return home


@contextmanager
def running(folder: Path, people: int, rows: int) -> Iterator[Installation]:
    """Give an installation over a sample of that size, and stop it afterwards."""
    installation = Installation(prepared_home(folder / "home", people, rows), Ports.free())
    installation.start_all()
    try:
        yield installation
    finally:
        installation.stop_all()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A small installation that is running."""
    with running(tmp_path, 300, 6_000) as small:
        yield small


@pytest.fixture(scope="module")
def shared_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A small installation that is running, for tests that leave each other alone."""
    with running(tmp_path_factory.mktemp("shared"), 300, 6_000) as small:
        yield small


@contextmanager
def running_over(database: str, folder: Path, people: int, rows: int, url: Callable[[], str]) -> Iterator[Installation]:
    """Give a running installation over one of the two databases."""
    with pytest.MonkeyPatch.context() as patch:
        if database == "postgresql":
            patch.setenv("DEMUR_DATABASE_URL", url())
        with running(folder, people, rows) as installation:
            yield installation


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A small installation that is running, over each of the two databases in turn."""
    folder, url = tmp_path_factory.mktemp(request.param), partial(request.getfixturevalue, "postgresql_url")
    with running_over(request.param, folder, 300, 6_000, url) as small:
        yield small


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def story_installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation over 200,000 sample rows, over each of the two databases in turn."""
    folder, url = tmp_path_factory.mktemp("story"), partial(request.getfixturevalue, "postgresql_url")
    with running_over(request.param, folder, 2_000, 200_000, url) as large:
        yield large


@pytest.fixture(scope="module")
def photo_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose sample has people without accounts, photos of them, and copies that others posted."""
    with running(tmp_path_factory.mktemp("photos"), 500, 20_000) as installation:
        yield installation


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path is not None, "the story needs Chromium: make test installs or names it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
