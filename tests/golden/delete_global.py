"""A global that is made and deleted again: a helper looks for it."""


def delete_global(flag):
    global scratch
    if flag:
        scratch = 1
        del scratch
    return flag


CALLS = [(False,), (True,)]
