"""Sessions: connecting two parties, the handshake, and the exchange of bytes."""
