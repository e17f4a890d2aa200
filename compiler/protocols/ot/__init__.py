"""Oblivious transfer: base OTs, extensions, and what is derived from them."""
