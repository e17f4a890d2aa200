"""The simulated executor: every party in one process, every message on show."""

from .network import Cost, Message
from .outcome import Held, SimulatedOutcome
from .run import run_simulated
from .two import run_two

__all__ = ["Cost", "Held", "Message", "SimulatedOutcome", "run_simulated", "run_two"]
