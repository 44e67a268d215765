"""The device and what a power failure leaves of it."""
