"""Concatenation and formatting of texts."""


def string_building(name, n):
    text = "<"
    for i in range(n):
        text = text + name
    return f"{text}{n}>"


CALLS = [("ab", 5), ("", 2)]
