"""`demur controller check`, as it is typed."""

import subprocess
import sys
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "src/demur/sample/data/controller.yaml"


def check(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demur", "controller", "check", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_file_that_can_be_used_is_told_in_three_lines() -> None:
    result = check(SAMPLE)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "controller.yaml can be used: Lumen Example Ltd, in en, pt-br, es, de, fr, it.",
        "5 of 7 kinds of data are used for training.",
        "The last safe day before the training is 2026-12-13.",
    ]


def test_a_file_with_faults_is_told_every_one_by_line_and_field(tmp_path: Path) -> None:
    file = tmp_path / "controller.yaml"
    file.write_text(SAMPLE.read_text().replace('"#3b3f8f"', "blue").replace("country: IE", "country: Eire"))
    result = check(file)
    assert result.returncode == 1
    told = [line for line in result.stderr.splitlines() if "line" in line]
    assert len(told) == 5, "three logos are not there either"
    assert any('product "agora": the field "colour" is not a colour like #0b5d66' in line for line in told)
    assert "Traceback" not in result.stderr
