"""What a class has becomes a descriptor when methods are given to its own class; the class that has it stays the same version.

Inline caches for attributes of instances, and what was known of attributes of classes, did not notice.
"""

import sys
import types


def make():
    class Thing:
        pass

    class Other:
        def __get__(self, instance, owner):
            return "other", instance is None

        def __set__(self, instance, value):
            log.append(value)

    class Holder:
        shadowed = Thing()
        plain = Thing()
        method = Thing()
        changed = Thing()
        module = types.ModuleType("module")

        def __init__(self):
            self.shadowed = "instance"
            self.method = lambda: "instance"

    return Thing, Other, Holder


def shadowed(holder):
    return holder.shadowed


def plain(holder):
    return type(holder.plain).__name__


def called(holder):
    return holder.method()


def of_class(holder):
    return type(Current.plain).__name__, type(Current.changed).__name__


def named(cls):
    return type(cls.plain).__name__


def changed(holder):
    return type(holder.changed).__name__


def module(holder):
    return type(holder.module).__name__


def store(holder):
    holder.shadowed = "stored"
    return holder.shadowed


def delete(holder):
    try:
        del holder.shadowed
    except AttributeError as error:
        return str(error)
    finally:
        holder.__dict__["shadowed"] = "instance"


class Moved(types.ModuleType):
    def __get__(self, instance, owner):
        return 3.5


def show(value):
    return "a function" if isinstance(value, types.FunctionType) else value


FUNCTIONS = (shadowed, plain, called, of_class, changed, module, store, delete)
log = []
for dictionary in (False, True):
    for round_ in range(3):
        Thing, Other, Current = make()
        holder = Current()
        if dictionary:
            vars(holder)

        def all_of_them(times):
            return [{show(function(holder)) for _ in range(times)} for function in FUNCTIONS] + [
                {named(Current) for _ in range(times)}
            ]

        print(all_of_them(60))
        Current.__dict__["changed"].__class__ = Other
        Current.__dict__["module"].__class__ = Moved
        print(all_of_them(3))
        if round_ != 1:
            Thing.__get__ = lambda self, instance, owner: (lambda: ("get", instance is None))
            print(all_of_them(3))
        if round_ != 2:
            Thing.__set__ = lambda self, instance, value: log.append((value, instance is None))
            print(all_of_them(3))
        print(all_of_them(60), len(log))
print(sys.getrefcount(log) < 5)
