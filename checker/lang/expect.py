"""What all declarations ask of their arguments."""


def expect(what, value, kind):
    """TypeError, with `what` was expected in words, if `value` is not of this kind."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {what}, not {type(value).__name__}")
