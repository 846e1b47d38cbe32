"""What the pages and the worker load: each of their processes would pay for more in memory and at its start."""

import os
import subprocess
import sys
from pathlib import Path

STARTS = """
import sys
import django
django.setup()
import demur.docket.services, demur.docket.services.training_sets, demur.docket.worker, demur.web.urls
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"numba", "llvmlite", "uvicorn"}))
"""


def test_pages_and_worker_load_neither_the_compiler_nor_the_live_check(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "demur.web.settings", "DEMUR_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == ""
