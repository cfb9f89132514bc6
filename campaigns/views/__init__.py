"""Pages of campaigns and connections: authorise, parse, one service or selector, respond."""
