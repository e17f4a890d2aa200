"""Where the drafts of IR programs are, and the programs that are lowered."""

import sys
from pathlib import Path

for folder in ("ir", "lower"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
