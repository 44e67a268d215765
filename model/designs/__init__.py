"""Designs: changes of the model, each an edit of its functions."""
