"""Sessions: how two parties find one another, agree on what they run, and exchange bytes."""
