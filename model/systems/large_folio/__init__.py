"""The split of a large folio: designs."""
