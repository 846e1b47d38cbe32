"""What is fuzzed lives in the world of the gate's other tests, one folder up."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
