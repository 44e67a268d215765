"""Programs as Promela, for SPIN."""
