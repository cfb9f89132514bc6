"""The sender under attack: real workers are killed while a gateway misbehaves, and then both sides' books are compared."""
