"""A builtin function of one argument takes a level of the recursion limit while it runs: there are as many calls as in stock."""

calls = 0


class Mirror:
    def __repr__(self):
        global calls
        calls += 1
        return repr(self)


for _ in range(25):
    calls = 0
    try:
        repr(Mirror())
    except RecursionError as error:
        print(calls, error)
