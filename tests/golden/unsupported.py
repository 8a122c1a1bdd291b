"""An instruction that is not compiled (DELETE_GLOBAL) hands the frame over."""


def unsupported(flag):
    global scratch
    if flag:
        scratch = 1
        del scratch
    return flag


CALLS = [(False,), (True,)]
EXITS = True
