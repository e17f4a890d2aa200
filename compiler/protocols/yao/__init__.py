"""Yao's garbled circuits."""
