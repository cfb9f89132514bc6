"""Shape and format of what people type; rules are the services'."""
