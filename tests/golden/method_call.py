"""A method of the class of an argument is called directly."""


class Counter:
    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n += k
        return self.n


def method_call(counter):
    return counter.add(2)


CALLS = [(Counter(),)]
