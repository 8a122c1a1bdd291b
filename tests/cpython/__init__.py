"""CPython's own test package, stock against accelerated."""
