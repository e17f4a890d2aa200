"""Analyses: facts about programs that passes rely on."""
