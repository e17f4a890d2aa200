"""How many programs to generate, and where the generator is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile(
    "programs",
    deadline=None,
    max_examples=int(os.environ.get("EZLANG_EXAMPLES", "300")),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
