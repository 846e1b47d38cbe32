"""The examples of docs/data-engineer/adapters.md, run as they stand there."""

import re
from pathlib import Path

import pytest
from adapter_world import build, forget_opened_gates

PAGE = (Path(__file__).resolve().parents[2] / "docs/data-engineer/adapters.md").read_text()
GATE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
EXAMPLES = {
    title: (code, output)
    for title, code, output in re.findall(
        r"^## ([^\n]+)\n\n```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE
    )
}
LIGHT = sorted(EXAMPLES.keys() - {"Ray Data", "Spark"})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    forget_opened_gates(monkeypatch)
    monkeypatch.chdir(build(tmp_path))
    return tmp_path


def run(title: str) -> None:
    code, _ = EXAMPLES[title]
    exec(compile(GATE + code, "adapters.md", "exec"), {"__name__": "adapters"})


def test_every_library_of_the_table_has_an_example() -> None:
    assert set(re.findall(r"^\| \[(.*?)\]\(#", PAGE, re.MULTILINE)) == EXAMPLES.keys()


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("title", LIGHT)
def test_example_prints_what_the_page_says(
    title: str, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets.config  # noqa: PLC0415

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(home / "cache"))
    run(title)
    assert capsys.readouterr().out == EXAMPLES[title][1]
