"""The building blocks of protocols: steps, parties, channels, and message lengths."""
