"""The parts of mm/ that writeback goes through."""
