"""cffi: C code that calls back into hot Python functions, handles that keep objects alive, buffers, and errors in callbacks."""

import gc
import weakref

import cffi

ffi = cffi.FFI()
ffi.cdef("""
    void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
    int snprintf(char *text, size_t n, const char *format, ...);
    size_t strlen(const char *text);
    typedef struct { int id; double weight; char name[16]; } item;
""")
libc = ffi.dlopen(None)
errors = []


@ffi.callback("int(const void *, const void *)")
def by_weight(left, right):
    a, b = ffi.cast("item *", left), ffi.cast("item *", right)
    return (a.weight > b.weight) - (a.weight < b.weight)


def failed(kind, value, traceback):
    errors.append((kind.__name__, value.args, traceback.tb_frame.f_code.co_name, traceback.tb_lineno))
    return 0


@ffi.callback("int(const void *, const void *)", onerror=failed)
def failing(left, right):
    a = ffi.cast("int *", left)[0]
    if a % 7 == 0:
        raise ValueError(a)
    return a - ffi.cast("int *", right)[0]


def sort_items(n):
    items = ffi.new("item[]", n)
    for i in range(n):
        items[i].id = i
        items[i].weight = (i * 7919) % 101 / 3
        items[i].name = b"item %d" % i
    libc.qsort(items, n, ffi.sizeof("item"), by_weight)
    return [items[i].id for i in range(0, n, 9)], ffi.string(items[n - 1].name)


def sort_with_errors(n):
    errors.clear()
    numbers = ffi.new("int[]", [(i * 13) % n for i in range(n)])
    libc.qsort(numbers, n, ffi.sizeof("int"), failing)
    return len(errors), errors[0], errors[-1], sum(numbers)


class Kept:
    pass


def handles(n):
    alive = 0
    for i in range(n):
        thing = Kept()
        thing.value = i
        watch = weakref.ref(thing)
        handle = ffi.new_handle(thing)
        del thing
        alive += ffi.from_handle(handle).value
        del handle
        assert watch() is None
    return alive


def formatting(n):
    text = ffi.new("char[]", 64)
    total = 0
    for i in range(n):
        libc.snprintf(text, 64, b"%d-%.2f", ffi.cast("int", i), ffi.cast("double", i / 3))
        total += libc.strlen(text) + len(ffi.string(text))
    return total, bytes(ffi.buffer(text, 8))


for turn in range(150):
    for function in (sort_items, sort_with_errors, handles, formatting):
        print(f"case {function.__name__}/{turn}: {function(80)!r}", flush=True)
gc.collect()
