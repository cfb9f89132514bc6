"""Screenshots of every page, with what only a browser can tell: console errors, sideways scroll, accessibility."""
