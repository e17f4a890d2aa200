"""The store: what parties have made ahead of runs, on disk until a run takes it."""
