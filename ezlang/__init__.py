"""Ez: a small language for computing on data that no single party may see."""

__version__ = "0.1.0"
