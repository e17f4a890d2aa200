"""What can be read off a typed program without running it."""
