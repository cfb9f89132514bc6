"""Reads of campaigns and connections for screens and the API. Counters are columns: nothing here counts messages."""
