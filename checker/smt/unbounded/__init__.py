"""Proofs for any number of steps."""
