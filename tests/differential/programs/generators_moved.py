"""Generators that are resumed elsewhere than where they were made: in other threads, by C code, while others change."""
import gc
import itertools
import queue
import threading


def numbers(n):
    total = 0.0
    for k in range(n):
        total += k * 0.5
        got = yield k, total
        if got:
            total += got
    return total


def spread(workers, n):
    """Each item is taken by the next of several threads."""
    gens = [numbers(n) for _ in range(3)]
    turns = [queue.SimpleQueue() for _ in range(workers)]
    out = queue.SimpleQueue()

    def work(mine):
        while (g := mine.get()) is not None:
            out.put([next(gen, None) for gen in g])
    threads = [threading.Thread(target=work, args=(turn,)) for turn in turns]
    for t in threads:
        t.start()
    items = []
    for k in range(n + 1):
        turns[k % workers].put(gens)
        items.append(out.get())
    for turn in turns:
        turn.put(None)
    for t in threads:
        t.join()
    return items[-2:]


def racing(n):
    """Two threads that resume one generator at once: one of them may be told that it is running."""
    gen = (x for x in itertools.count())
    lock = threading.Lock()
    seen = []

    def work():
        for _ in range(n):
            with lock:
                seen.append(next(gen))
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return sorted(seen) == list(range(4 * n))


def through_c(n):
    return (
        sum(x for x, _ in numbers(n)), max(numbers(n)), sorted(numbers(5), reverse=True)[0], dict(numbers(3)),
        list(itertools.islice(numbers(n), 2, 5)), list(zip(numbers(3), (y for y in "abc"))), list(map(len, numbers(2))),
        set(x % 3 for x, _ in numbers(n)), any(x > 5 for x, _ in numbers(n)), all(x < 5 for x, _ in numbers(n)),
        [*numbers(2), *numbers(1)], tuple(itertools.chain.from_iterable(numbers(2))), (3, 1.5) in numbers(9),
    )


class Polymorphic:
    """The same delegation gets generators of several codes, and things that are none."""

    def __init__(self, parts):
        self.parts = parts

    def __iter__(self):
        for part in self.parts:
            got = yield from part
            if got is not None:
                yield got


def mixed():
    return list(Polymorphic([numbers(2), "ab", Polymorphic([numbers(1), [1]]), (x for x in (7, 8)), {9: 9}, range(2)]))


def changing_types(n):
    out = []
    for source in (range(n), [1.5] * n, ("s", None), iter({1: 2}), (y for y in range(3))):
        out.append([x for x in (z for z in source)])
    return out


def abandoned(n):
    gens = [numbers(9) for _ in range(n)]
    for g in gens:
        next(g)
    gens[0].send(5)
    gc.collect()
    frames = [g.gi_frame.f_locals["total"] for g in gens]
    for g in gens[::2]:
        g.close()
    return frames, [g.gi_frame is None for g in gens], next(gens[1])


def main():
    functions = [lambda: spread(3, 20), lambda: racing(50), lambda: through_c(12), mixed, lambda: changing_types(3), lambda: abandoned(4)]
    first = [repr(f()) for f in functions]
    for _ in range(60):
        for k, f in enumerate(functions):
            again = repr(f())
            if again != first[k]:
                print("changed", k, first[k], again)
                first[k] = again
    for text in first:
        print(text)


main()
