"""The systems: what may be started in each, who runs what, what is judged, and changes of it."""
