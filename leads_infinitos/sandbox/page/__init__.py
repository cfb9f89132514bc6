"""The page to look at what was "delivered" and to throw the switches."""
