"""Program analyses that passes rely on."""
