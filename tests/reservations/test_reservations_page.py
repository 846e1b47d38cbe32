"""docs/data-engineer/reservations.md, held against the code: its example, its flags, its standards."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_ROOM = _ROOT / "src/demur/reservations"
_PAGE = (_ROOT / "docs/data-engineer/reservations.md").read_text(encoding="utf-8")
_MODULES = (
    "ai_txt",
    "content_signal",
    "content_usage",
    "outcome",
    "robots_tag",
    "robots_words",
    "rsl",
    "site_file",
    "tdm_ai",
    "tdmrep",
    "web_source",
)
_MODULES_OF_FILES = ("content_credentials", "in_file", "plus", "tdmrep_document")
_SAYS = {"no_training", "any_training", "nothing_said", "undetermined", "_only_no", "add"}


def _flags(module: str) -> set[str]:
    """Return the flags that a module gives, as they stand in the calls that make preferences."""
    tree = ast.parse((_ROOM / f"{module}.py").read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        argument.value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in _SAYS
        for given in call.args
        for argument in ((given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,))
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def _flags_of_files() -> set[str]:
    """Return the flags that reading files gives: those too that stand in sets and in the reason of a refusal."""
    trees = [ast.parse((_ROOM / f"{module}.py").read_text(encoding="utf-8")) for module in _MODULES_OF_FILES]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    reasons = [
        node.args for node in nodes if getattr(getattr(node, "func", None), "id", "") == "UnreadableDocumentError"
    ]
    words = [each for node in nodes if isinstance(node, ast.Set) for each in node.elts]
    named = {
        each.value for each in [*words, *(one for args in reasons for one in args)] if isinstance(each, ast.Constant)
    }
    return {each for each in named if re.fullmatch(r"[a-z_]+", str(each))}.union(*map(_flags, _MODULES_OF_FILES))


def _flags_of_page(head: str) -> set[str]:
    table = _PAGE.partition(head)[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_the_page_explains_every_flag_and_no_other() -> None:
    given = set().union(*map(_flags, _MODULES))
    assert _flags_of_page("| flag | meaning | the record is |") == given | {"legacy_label", "overridden_by_licence"}


def test_the_page_explains_every_flag_of_files() -> None:
    of_files = _flags_of_page("| flag in a file | meaning | the record is |")
    of_the_web = _flags_of_page("| flag | meaning | the record is |")
    assert of_files - {"legacy_label"} == _flags_of_files() - of_the_web


def test_the_examples_print_what_the_page_says() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec("".join(re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)), {})
    assert printed.getvalue() == "".join(re.findall(r"```text\n(.*?)```", _PAGE, re.DOTALL))


@pytest.mark.parametrize("standard", ["aipref", "content-signals", "robots", "tdmrep", "noai", "ai.txt", "rsl"])
def test_the_page_names_every_standard_of_the_web(standard: str) -> None:
    assert f"(`{standard}`)" in _PAGE
