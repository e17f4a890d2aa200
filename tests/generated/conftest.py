"""How many programs to generate, and where the generator is."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

sys.path.insert(0, str(Path(__file__).parent))

for name, count in (("programs", 300), ("sweep", 10_000)):
    settings.register_profile(
        name,
        deadline=None,
        # Not `explain`: it traces every line that is run.
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        max_examples=count,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
