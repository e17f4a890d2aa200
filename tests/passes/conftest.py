"""Where the drafts of IR programs are, the programs that are lowered, and generated ones."""

import sys
from pathlib import Path

for folder in ("ir", "lower", "generated"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
