"""`[] = x` exhausts x, which may fail, run code, or find items."""


def numbers():
    print("started")
    yield 1


def unpack(x):
    [] = x
    return "nothing"


def unpack_constant():
    () = ()
    try:
        () = (1,)
    except ValueError as error:
        return str(error)


for _ in range(40):
    for make in (numbers, list, tuple, dict, lambda: [1], lambda: (1,), lambda: 3):
        try:
            result = unpack(make())
        except (TypeError, ValueError) as error:
            result = str(error)
        print(result)
    print(unpack_constant())
