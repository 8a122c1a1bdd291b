"""Patterns ask for the kind of the subject, its length, items, keys and attributes."""


def match_statement(subject):
    match subject:
        case [first, second]:
            return first + second
        case {"key": value}:
            return value
        case complex(real=x):
            return x
    return None


CALLS = [([1, 2],), ({"key": 3},), (2j,), ("",)]
