"""How many programs tests generate, and how Hypothesis goes about it."""

from hypothesis import HealthCheck, Phase, settings

PROGRAMS = settings(
    # Not `explain`: it traces every line that is run.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    max_examples=300,
    suppress_health_check=list(HealthCheck),
)
SWEEP = settings(PROGRAMS, max_examples=10_000)
