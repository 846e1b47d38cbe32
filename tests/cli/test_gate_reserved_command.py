"""`demur gate reserved` as a data engineer types it who wants to know why a row would be held."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from demur.cli.gate import gate_app

URL = "https://site.example/a/1"
KEPT = "{}; for any model: keep; for generative models: keep"
HELD = "cannot be told; for any model: hold; for generative models: hold"
DROPPED = "no; for any model: drop; for generative models: drop"


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.effect_noise((40, 30), 80).save("plain.png")
    raw = Path("plain.png").read_bytes()
    Path("cut.png").write_bytes(raw[: len(raw) // 2])
    Path("robots.txt").write_text("User-agent: GPTBot\nDisallow: /\n")
    Path("open.txt").write_text("User-agent: *\nAllow: /\n")
    Path("headers.txt").write_text("HTTP/1.1 200 OK\r\nContent-Usage: train-ai=n\r\n\r\n")
    Path("yes.txt").write_text("content-usage: train-ai=y")
    Path("generative.txt").write_text("content-usage: train-genai=n")
    Path("sloppy.txt").write_text("content-usage: Train-AI=no")
    Path("page.html").write_text('<meta name="robots" content="noai">')
    return tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(gate_app, ["reserved", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["plain.png"], KEPT.format("nothing is said")),
        (["cut.png"], HELD),
        (["--url", URL], KEPT.format("nothing is said")),
        (["--url", URL, "--headers", "headers.txt"], DROPPED),
        (["--url", URL, "--headers", "yes.txt"], KEPT.format("yes")),
        (["--url", URL, "--headers", "sloppy.txt"], HELD),
        (
            ["--url", URL, "--headers", "generative.txt"],
            "no to generative models; for any model: keep; for generative models: drop",
        ),
        (["--url", URL, "--headers", "yes.txt", "--robots", "robots.txt"], DROPPED),
        (["--url", URL, "--headers", "yes.txt", "--robots", "open.txt"], KEPT.format("yes")),
        (["--url", URL, "--page", "page.html"], DROPPED),
        (["plain.png", "--url", URL, "--headers", "headers.txt"], DROPPED),
    ],
)
def test_what_is_said_is_told_together(arguments: list[str], wanted: str) -> None:
    assert run(*arguments).splitlines()[-1] == f"together: {wanted}"


@pytest.mark.usefixtures("captured")
def test_each_finding_names_its_standard_its_place_and_its_words() -> None:
    told = run("--url", URL, "--headers", "headers.txt", "--robots", "robots.txt")
    assert "aipref" in told
    assert "http-header" in told
    assert "train-ai=n" in told
    assert "robots.txt" in told
    assert "inferred" in told


def test_without_anything_to_read_it_says_what_to_give() -> None:
    done = CliRunner().invoke(gate_app, ["reserved"])
    assert done.exit_code == 2
    assert "give a file" in done.output
