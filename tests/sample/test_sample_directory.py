"""What the sample platform's account directory answers: the port's promises, on made-up accounts with every trap."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from demur.core.account import Account
from demur.sample.directory import SampleAccountDirectory, open_directory
from demur.sample.errors import SampleFolderError


@pytest.fixture
def directory(sample: Path) -> SampleAccountDirectory:
    return SampleAccountDirectory(sample / "accounts.sqlite3")


def query(sample: Path, sql: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(sample / "accounts.sqlite3")) as connection:
        return connection.execute(sql).fetchall()


def test_current_handle_of_an_unlinked_account_gives_that_account(
    sample: Path, directory: SampleAccountDirectory
) -> None:
    rows = query(
        sample,
        "SELECT account, product, handle FROM accounts WHERE linked_group IS NULL "
        "AND handle IN (SELECT handle FROM handles GROUP BY handle HAVING count(*) = 1)",
    )
    assert len(rows) > 100
    for row in rows[:50]:
        assert directory.find_accounts(row[2]) == [Account(*row)]


def test_linked_accounts_come_along(sample: Path, directory: SampleAccountDirectory) -> None:
    rows = query(
        sample,
        "SELECT a.handle, a.account, b.account FROM accounts a JOIN accounts b USING (linked_group) "
        "WHERE a.product = 'lumen' AND b.product = 'agora' AND a.handle != b.handle",
    )
    assert rows
    for handle, lumen, agora in rows:
        assert {lumen, agora} <= {account.account for account in directory.find_accounts(handle)}


def test_handle_given_up_leads_to_who_had_it_last(sample: Path, directory: SampleAccountDirectory) -> None:
    rows = query(
        sample,
        "SELECT handle, max(account) FROM handles GROUP BY handle HAVING count(*) = 1 AND max(held_until_us) > 0",
    )
    assert rows
    for handle, account in rows:
        assert account in {found.account for found in directory.find_accounts(handle)}


def test_handle_that_somebody_else_has_now_does_not_lead_to_who_had_it_before(
    sample: Path, directory: SampleAccountDirectory
) -> None:
    rows = query(
        sample,
        "SELECT now.handle, now.account, past.account FROM handles now JOIN handles past USING (handle) "
        "JOIN accounts a ON a.account = now.account JOIN accounts b ON b.account = past.account "
        "WHERE now.held_until_us IS NULL AND past.held_until_us IS NOT NULL AND a.product = b.product",
    )
    assert rows
    for handle, now, past in rows:
        found = {account.account for account in directory.find_accounts(handle)}
        assert now in found
        assert past not in found


def test_handle_that_two_people_have_in_two_products_gives_both(
    sample: Path, directory: SampleAccountDirectory
) -> None:
    rows = query(
        sample,
        "SELECT a.handle, a.account, b.account FROM accounts a JOIN accounts b USING (handle) "
        "WHERE a.product = 'lumen' AND b.product = 'agora' AND a.linked_group IS NULL",
    )
    assert rows
    for handle, lumen, agora in rows:
        assert {lumen, agora} <= {account.account for account in directory.find_accounts(handle)}


@pytest.mark.parametrize("handle", ["nobody-has-this", "", "' OR 1=1 --", "%"])
def test_unknown_handles_give_no_accounts(directory: SampleAccountDirectory, handle: str) -> None:
    assert directory.find_accounts(handle) == []


def test_directory_of_the_home_folder_is_opened(sample: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sample").symlink_to(sample)
    monkeypatch.setenv("DEMUR_HOME", str(tmp_path))
    handle = query(sample, "SELECT handle FROM accounts LIMIT 1")[0][0]
    assert open_directory().find_accounts(handle)


def test_missing_directory_is_an_error_and_not_an_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(SampleFolderError, match="cannot be read"):
        SampleAccountDirectory(tmp_path / "accounts.sqlite3").find_accounts("anybody")
    assert not list(tmp_path.iterdir())


def test_sample_that_is_made_anew_or_taken_away_is_noticed(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite3"
    shutil.copy(sample / "accounts.sqlite3", path)
    handle = query(sample, "SELECT handle FROM accounts LIMIT 1")[0][0]
    directory = SampleAccountDirectory(path)
    assert directory.find_accounts(handle)
    shutil.copy(sample / "accounts.sqlite3", tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new")) as connection, connection:
        connection.execute("DELETE FROM handles")
    (tmp_path / "new").replace(path)
    assert directory.find_accounts(handle) == []
    path.unlink()
    with pytest.raises(SampleFolderError, match="cannot be read"):
        directory.find_accounts(handle)


def test_asking_the_directory_loads_no_arrow() -> None:
    ask = "import sys, demur.sample.directory; sys.exit('pyarrow' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0
