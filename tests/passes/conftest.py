"""Where the drafts of IR programs are."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ir"))
