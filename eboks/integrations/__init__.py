"""Clients of other people's systems, one package each."""
