"""A member of an enumeration is a constant behind guards of the versions of its class, which is the member's too, and of the metaclass."""

import enum


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def enum_member(colour):
    return colour is Colour.RED


CALLS = [(Colour.RED,), (Colour.BLUE,)]
