"""What only the way back from a handler reaches, because the code in front of it cannot get there (a local that is deleted is
used), was not translated, and the compiler failed on the edge to it."""


def f(items, unbound):
    del unbound
    count = 0
    while count < 3:
        count += 1
        try:
            for item in items:
                try:
                    try:
                        items = [q + sum([unbound, 1]) for q in items if q]
                    except Exception:
                        unbound = item.missing
                except (TypeError, ValueError, AttributeError):
                    items = [1]
        except ArithmeticError:
            items = [2]
    return items, count


for items in ([1, 2], (), [None], [2.5, True]):
    for _ in range(60):
        result = f(items, 1)
    print(result)
