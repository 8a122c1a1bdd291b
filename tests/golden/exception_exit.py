"""A handler in this function: stock runs it when the call raises."""


def exception_exit(text):
    try:
        return int(text)
    except ValueError:
        return -1


CALLS = [("12",), ("x",)]
EXITS = True
