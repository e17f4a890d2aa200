"""The simulated executor: every party in one process, every message on show."""

from .network import Cost, Message
from .outcome import SimulatedOutcome
from .run import run_simulated

__all__ = ["Cost", "Message", "SimulatedOutcome", "run_simulated"]
