"""The kernels from 6.12 to 7.3: what differs from 6.13 in the paths that are modelled, change by change (`changes.toml`)."""
