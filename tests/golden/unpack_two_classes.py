"""An argument that was a list in some calls and a tuple in the others is taken apart whatever it is."""


def unpack_two_classes(pair):
    a, b = pair
    return a - b


CALLS = [((5, 2),), ([7, 1],)]
