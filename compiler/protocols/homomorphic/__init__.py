"""Homomorphic matrix products: parameters, forms with their noise and messages, packing."""
