"""Claims about the pure functions of a model, for all values that C's types have."""
