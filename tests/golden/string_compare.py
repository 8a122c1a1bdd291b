"""Strings compared for equality, and a slice without a slice object."""


def string_compare(text, mark):
    found = 0
    i = 0
    while i < 20:
        if text[i:] == mark:
            found += 1
        i += 1
    return found


CALLS = [("ab" * 10, "abab"), ("x" * 20, "ab")]
