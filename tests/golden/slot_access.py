"""Attributes in slots."""


class Cell:
    __slots__ = ("content",)

    def __init__(self, content):
        self.content = content

    def __repr__(self):
        return f"Cell({self.content})"


def slot_access(cell):
    cell.content = cell.content + 1
    return cell


CALLS = [(Cell(1),)]
