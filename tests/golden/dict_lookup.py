"""A subscript of a dictionary."""


def dict_lookup(table, key):
    return table[key]


CALLS = [({"a": 1, "b": 2}, "b"), ({"b": 3}, "b")]
