"""Set up the virtual environment that `make run` and `make test` use.

Standard library only: it is run by the system's Python before anything is installed. Whatever is missing gets
one sentence that says what to do. A set-up that was cut off is simply begun again: the stamp that says
"complete" is written last, and names the lock files' contents.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WANTED = (3, 11)


def stop(what: str, hint: str) -> None:
    """Print what happened and what to do next, then leave with exit code 1."""
    sys.stderr.write(f"demur: error: {what}\ndemur: hint: {hint}\n")
    raise SystemExit(1)


def lock_digest(job: str) -> str:
    """Name the state that a job's set-up should reach: the lock files, the project file and this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for name in (f"requirements/{job}.txt", "requirements/photos.txt", "requirements/torch.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def create_venv() -> None:
    """Make `.venv`, replacing one that is half-finished or of another Python."""
    try:
        import ensurepip  # noqa: F401, PLC0415  (absent on Debian without python3-venv)
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        stop(
            "this Python cannot make virtual environments: the package python3-venv is missing",
            f'run "sudo apt install python{version}-venv" (or ask whoever keeps this machine), then try again',
        )
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            f"the virtual environment could not be made in {VENV.name}: {made.stdout.strip()[-300:]}",
            'on Debian and Ubuntu "sudo apt install python3-venv" brings what is missing',
        )


def pip(*arguments: str) -> None:
    """Run the virtual environment's pip; explain the failures that people really meet."""
    command = [str(VENV / "bin/python"), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return
    said = done.stderr.strip()
    if "No space left" in said:
        stop("the disk is full: the packages could not be installed", "free about 3 GB, then try again")
    if "HASHES" in said or "hashes" in said:
        stop(
            "a downloaded package is not the one in the lock file: nothing of it was installed",
            "do not go round this check; try again later, or from another network",
        )
    if any(
        sign in said for sign in ("NewConnectionError", "Temporary failure", "No matching distribution", "timed out")
    ):
        stop(
            "the package index could not be reached: the first set-up needs the network once",
            "check the connection (and the proxy settings of pip), then try again; it goes on where it stopped",
        )
    stop(f"the packages could not be installed: {said[-600:]}", "see the lines above, then try again")


def install_torch() -> None:
    """Install PyTorch where pip finds its build for processors alone; without it one adapter's test is skipped."""
    wanted = ["install", "--quiet", "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements/torch.txt")]
    if subprocess.run([str(VENV / "bin/python"), "-m", "pip", *wanted], capture_output=True, check=False).returncode:
        sys.stdout.write("demur: PyTorch was not found here; the test of its adapter will be skipped\n")


def main() -> None:
    """Bring `.venv` to the state of the lock file of a job: `run` or `test`."""
    job = sys.argv[1]
    if sys.version_info < WANTED:
        found = ".".join(map(str, sys.version_info[:3]))
        stop(f"Python 3.11 or newer is needed, found {found}", 'install it, then run "make PYTHON=/path/to/python3.11"')
    stamp = VENV / "demur-set-up"
    marks = set(stamp.read_text().split()) if stamp.exists() else set()
    mark = f"{job}:{lock_digest(job)}"
    if mark in marks or (job == "run" and f"test:{lock_digest('test')}" in marks):
        return
    python = VENV / "bin/python"
    usable = (
        python.exists()
        and not subprocess.run(
            [str(python), "-c", f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not usable:
        sys.stdout.write("demur: making a virtual environment in .venv\n")
        create_venv()
    stamp.unlink(missing_ok=True)
    sys.stdout.write(f"demur: installing the locked packages of the {job} job (most of the wait is the download)\n")
    pip("install", "--quiet", "--progress-bar", "on", "--require-hashes", "-r", str(ROOT / f"requirements/{job}.txt"))
    pip("install", "--quiet", "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements/photos.txt"))
    if job == "test":
        install_torch()
    pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    temporary = stamp.with_suffix(".new")
    temporary.write_text("\n".join([mark, *(m for m in marks if not m.startswith(f"{job}:"))]) + "\n")
    temporary.replace(stamp)


if __name__ == "__main__":
    main()
