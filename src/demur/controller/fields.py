"""Reading fields of a YAML file with the line of each, so that everything that is wrong can be told at once.

The YAML is read as a tree of nodes rather than as values: a node knows its line, a field that stands twice is noticed,
and `no` or `1.10` in a text stay what was written. A field that is wrong is noted and stands for an empty value until
the file has been read; nothing of a file with a note ever leaves this room.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

import yaml

from demur.controller.local_text import LocalText

_Choice = TypeVar("_Choice", bound=StrEnum)
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2099, 12, 31)
_NULL_TAG: Final = "tag:yaml.org,2002:null"


class Notes:
    """What is wrong with a file: a sentence for each thing, with its line.

    Attributes:
        file_name: without folders.
        languages: those of the file, once they were read; texts are checked against them.
    """

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.languages: tuple[str, ...] = ()
        self._noted: list[tuple[int, str]] = []

    def add(self, node: yaml.Node, what: str) -> None:
        """Note something wrong at a node."""
        self._noted.append((node.start_mark.line + 1, what))

    def sentences(self) -> list[str]:
        """Return what was noted, by line."""
        return [f"{self.file_name}, line {line}: {what}" for line, what in sorted(self._noted)]


class Fields:
    """The fields of one table of the file, each taken once.

    Attributes:
        node: the table itself.
        notes: of the whole file.
    """

    def __init__(self, node: yaml.Node, where: str, notes: Notes) -> None:
        """Read a table.

        Args:
            node: what should be the table.
            where: how a sentence names it, such as `product "lumen"`; empty for the file itself.
            notes: of the whole file.
        """
        self.node, self.notes = node, notes
        self._where = where
        self._left: dict[str, yaml.Node] = {}
        self._is_table = isinstance(node, yaml.MappingNode)
        if not self._is_table:
            self._add(node, "wanted fields with values")
            return
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in self._left:
                self.note(name, "stands twice", key)
            self._left[name] = value

    def __contains__(self, name: str) -> bool:
        """Tell whether a field is written and was not taken yet."""
        return name in self._left

    def call_it(self, where: str) -> None:
        """Name the table in sentences from now on."""
        self._where = where

    def inside(self, node: yaml.Node, name: str) -> "Fields":
        """Return the fields of a table inside this one."""
        return Fields(node, f"{self._where}, {name}" if self._where else name, self.notes)

    def table(self, name: str) -> "Fields":
        """Return the fields of the table that a field holds; none, and a note, if it is missing."""
        node = self.take(name)
        own = Fields(node or yaml.MappingNode("", [], self.node.start_mark), name, self.notes)
        own._is_table = node is not None
        return own

    def node_of(self, name: str) -> yaml.Node:
        """Return the node of a field, without taking it; that of the table if the field is missing."""
        return self._left.get(name, self.node)

    def note(self, name: str, what: str, node: yaml.Node | None = None) -> None:
        """Note something wrong with a field."""
        self._add(node or self.node_of(name), f'the field "{name}" {what}')

    def take(self, name: str) -> yaml.Node | None:
        """Return the node of a field, or None and a note if it is missing or empty."""
        node = self._left.pop(name, None)
        if node is None:
            if self._is_table:
                self.note(name, "is missing")
        elif isinstance(node, yaml.ScalarNode) and (node.tag == _NULL_TAG or not node.value.strip()):
            self.note(name, "is empty", node)
            node = None
        return node

    def text(self, name: str, pattern: re.Pattern[str] | None = None, wanted: str = "") -> str:
        """Return a text of one line.

        Args:
            name: of the field.
            pattern: what the text must be, if not every text will do.
            wanted: how a sentence says that it is not, such as "is not a colour like #0b5d66".
        """
        node = self.take(name)
        if node is None:
            return ""
        text = self._line(node, name)
        if text and pattern is not None and not pattern.match(text):
            self.note(name, wanted, node)
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts of one line."""
        return tuple(self._line(node, name) for node in self.nodes(name))

    def nodes(self, name: str) -> list[yaml.Node]:
        """Return the entries of a list that is not empty."""
        node = self.take(name)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.note(name, "is not a list with at least one entry", node)
            return []
        return list(node.value)

    def number(self, name: str, least: int, most: int) -> int:
        """Return a whole number between two others."""
        node = self.take(name)
        if node is None:
            return least
        if not isinstance(node, yaml.ScalarNode) or not _NUMBER.match(node.value):
            self.note(name, "is not a whole number", node)
            return least
        number = int(node.value)
        if not least <= number <= most:
            self.note(name, f"is {number}; it may be {least} to {most}", node)
        return number

    def truth(self, name: str) -> bool:
        """Return true or false."""
        node = self.take(name)
        if node is None:
            return False
        if not isinstance(node, yaml.ScalarNode) or node.value not in {"true", "false"}:
            self.note(name, "is neither true nor false", node)
            return False
        return bool(node.value == "true")

    def day(self, name: str) -> date:
        """Return a calendar day of this century."""
        node = self.take(name)
        if node is None:
            return _FIRST_DAY
        try:
            day = date.fromisoformat(node.value if isinstance(node, yaml.ScalarNode) else "")
        except ValueError:
            day = date.min
        if not _FIRST_DAY <= day <= _LAST_DAY:
            self.note(name, "is not a day of this century like 2026-12-15", node)
            return _FIRST_DAY
        return day

    def choice(self, name: str, kind: type[_Choice]) -> _Choice:
        """Return one of a few words."""
        node = self.take(name)
        return next(iter(kind)) if node is None else self._choice(node, name, kind)

    def choices(self, name: str, kind: type[_Choice]) -> tuple[_Choice, ...]:
        """Return a list of words of which there are only a few."""
        return tuple(self._choice(node, name, kind) for node in self.nodes(name))

    def local_text(self, name: str) -> LocalText:
        """Return a text in the languages of the file."""
        node = self.take(name)
        return LocalText("", {}) if node is None else self.local_text_of(node, name)

    def local_text_of(self, node: yaml.Node, name: str) -> LocalText:
        """Return the text in a node: one for all languages, or one for each."""
        if isinstance(node, yaml.ScalarNode):
            return LocalText(self._plain(node, name), {})
        if not isinstance(node, yaml.MappingNode):
            self.note(name, "is neither a text nor a text for each language", node)
            return LocalText("", {})
        texts = {str(key.value): self._plain(value, name) for key, value in node.value}
        languages = self.notes.languages
        missing = [code for code in languages if code not in texts]
        unknown = [code for code in texts if code not in languages]
        if languages and missing:
            self.note(name, f"has no text for {', '.join(missing)}", node)
        if languages and unknown:
            self.note(name, f"has a text for {', '.join(unknown)}, not one of the file's languages", node)
        return LocalText(next((texts[code] for code in languages if code in texts), ""), texts)

    def end(self) -> None:
        """Note the fields that nobody took: what a person believes to have said must not be passed over."""
        for name, node in self._left.items():
            self.note(name, "is not known here", node)

    def _add(self, node: yaml.Node, what: str) -> None:
        self.notes.add(node, f"{self._where}: {what}" if self._where else what)

    def _choice(self, node: yaml.Node, name: str, kind: type[_Choice]) -> _Choice:
        text = node.value if isinstance(node, yaml.ScalarNode) else "?"
        if text not in set(kind):
            self.note(name, f'has "{text}", which is none of {", ".join(kind)}', node)
            return next(iter(kind))
        return kind(text)

    def _line(self, node: yaml.Node, name: str) -> str:
        text = self._plain(node, name)
        if any(not sign.isprintable() for sign in text):
            self.note(name, "is longer than one line", node)
            return ""
        return text

    def _plain(self, node: yaml.Node, name: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL_TAG or not node.value.strip():
            self.note(name, "is not a text", node)
            return ""
        return str(node.value).strip()
