"""Protocols on XOR-shared bits."""
