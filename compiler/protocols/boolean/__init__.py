"""Protocols on bits shared by exclusive or."""
