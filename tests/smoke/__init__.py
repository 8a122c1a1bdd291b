"""The tests of well-known projects, run stock and accelerated and compared case by case."""
