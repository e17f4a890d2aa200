"""Oblivious transfer: base OTs, OT extension, silent OT, and preprocessing derived from them."""
