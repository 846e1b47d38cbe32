"""Texts in the languages of the people who read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SUPPORTED_LANGUAGES: Final = ("en", "pt-br", "es", "de", "fr", "it")
"""The languages that Demur itself speaks, by their codes in LANGUAGES of its settings."""


@dataclass(frozen=True)
class LocalText:
    """A text of the controller.

    Attributes:
        default: in the first language of the file, or for all of them when only one text was written.
        by_language: the text in each language of the file; empty when only one text was written.
    """

    default: str
    by_language: Mapping[str, str]

    def in_language(self, code: str) -> str:
        """Return the text in a language of the file; in any other language the default one."""
        return self.by_language.get(code, self.default)
