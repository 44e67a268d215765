"""Programs as TLA+, for TLC."""
