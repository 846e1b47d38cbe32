"""Which folders are tables: their files hold rows that the table has removed, so they are never read as plain files."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from demur.gate.errors import UnreadableInputError


class TableKind(StrEnum):
    """A format of tables, by its name."""

    DELTA = "Delta Lake"
    ICEBERG = "Iceberg"
    HUDI = "Hudi"


def find_table_kind(folder: Path) -> TableKind | None:
    """Return of which kind a table is; None if the folder is none.

    Raises:
        OSError: the folder cannot be looked into.
    """
    if (folder / "_delta_log").is_dir():
        return TableKind.DELTA
    if (folder / ".hoodie").is_dir():
        return TableKind.HUDI
    if any((folder / "metadata").glob("*.metadata.json*")):
        return TableKind.ICEBERG
    return None


def refuse_tables(paths: Iterable[Path]) -> None:
    """Refuse files that are a part of a table, wherever above them, or behind a link to them, its log is.

    Args:
        paths: files and folders that would be read as they are.

    Raises:
        UnreadableInputError: names the table.
        OSError: a folder cannot be looked into.
    """
    for folder in _folders(paths):
        kind = find_table_kind(folder)
        if kind is not None:
            raise table_refused(f'"{folder.name}"', kind)


def table_refused(name: str, kind: TableKind) -> UnreadableInputError:
    """Return what is to be raised over a table, named for people."""
    return UnreadableInputError(
        f"{name} is a table of {kind}: its files may still hold rows that the table has removed",
        hint="write the table's rows to plain files with its own engine, and gate those; a table of Delta Lake or "
        "Iceberg that is on this machine can be gated itself, by its folder",
    )


def _folders(paths: Iterable[Path]) -> list[Path]:
    folders: set[Path] = set()
    for path in paths:
        for spelled in (path.absolute(), path.resolve()):
            for folder in (spelled, *spelled.parents):
                if folder in folders:  # and so are those above it
                    break
                folders.add(folder)
    return sorted(folders)
