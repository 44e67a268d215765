"""The revisions of f2fs_write_cache_folios as they were written, their repairs, and a design that holds."""
