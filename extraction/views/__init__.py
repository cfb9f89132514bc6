"""Pages of lists, leads and imports."""
