"""Runs inside gdb, which alone has the module of that name, once the program has stopped: prints what python-gdb looks at, and how far
the stack can be followed."""

import gdb

frame = gdb.newest_frame()
names = []
while frame is not None:
    names.append(frame.name())
    if frame.name() == "_PyEval_EvalFrameDefault":
        try:
            print("seen", hex(int(frame.read_var("frame"))))
        except ValueError:
            print("seen stock")  # without debug information of the interpreter
    frame = frame.older()
print("outermost", names[-1])
