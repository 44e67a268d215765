"""What must hold of the model, one file for each family."""
