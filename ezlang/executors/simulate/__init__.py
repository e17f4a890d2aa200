"""The simulated executor: all parties in one process, all messages visible."""

from .network import Cost, Message
from .outcome import Held, SimulatedOutcome
from .run import run_simulated
from .two import run_two

__all__ = ["Cost", "Held", "Message", "SimulatedOutcome", "run_simulated", "run_two"]
