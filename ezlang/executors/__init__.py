"""The three executors: clear, simulated and native."""
