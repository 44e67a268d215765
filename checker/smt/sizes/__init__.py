"""What few cells say of real sizes, in bytes."""
