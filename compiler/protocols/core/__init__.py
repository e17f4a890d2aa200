"""What protocols are made of: steps, parties, channels, and the lengths of messages."""
