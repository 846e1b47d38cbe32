"""How a controller is named: by its host name."""

import re
from typing import Final

HOST_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\Z")
"""Lower case, e.g. `lumen.example`. Keys, the log and the statements of a controller are named after it."""
