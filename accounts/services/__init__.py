"""Writes of accounts, one module per noun; import the module you need."""
