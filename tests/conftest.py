"""What every room's tests need: a home folder with keys, in place before Django reads its settings.

Settings are read here, at import, and not by pytest-django, which would read them before this file. The variable
that names them is taken back, so that an xdist worker, which inherits the environment, does the same with a home of
its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from demur.ledger.keys import create_missing_keys

HOME = Path(tempfile.mkdtemp(prefix="demur-test-home-"))
os.environ["DEMUR_HOME"] = str(HOME)
create_missing_keys(HOME / "keys", "lumen.example")
(HOME / "uploads").mkdir(mode=0o700)

os.environ["DJANGO_SETTINGS_MODULE"] = "demur.web.settings"
django.setup()
del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session", autouse=True)
def _remove_home() -> Iterator[None]:
    yield
    shutil.rmtree(HOME, ignore_errors=True)
