"""Rules of lead lists in plain Python: reading spreadsheets, choosing phones, deciding rows."""
