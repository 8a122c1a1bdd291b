"""A bound builtin method in a global dies and another one takes its address: machine code must not use the first one's self."""


def call(x):
    write(x)


def once(i):
    global write
    log = []
    write = log.append
    call(i)
    write = None
    return log


print(*(once(i) for i in range(60)))
