"""list: index, store, slices, deletion, methods, errors."""

def sieve(n):
    flags = [True] * n
    flags[0] = flags[1] = False
    for i in range(2, n):
        if flags[i]:
            for j in range(i * i, n, i):
                flags[j] = False
    return [i for i, f in enumerate(flags) if f]

def bubble(a):
    a = a[:]
    for i in range(len(a)):
        for j in range(len(a) - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a

print(sieve(200), bubble([5, 2, 9, 1, 5, 6, -3]))
a = list(range(10))
a[2:5] = "xyz"; a[-1] = None; a[::3] = [0, 0, 0, 0]; del a[1], a[-2:]
print(a, a.index(0), a.count(0), a + [1], [1, 2] * 3, [3] in [[3]], a == a[:], [1, 2] < [1, 3])
a.append(1); a.extend((2, 3)); a.insert(0, "i"); print(a.pop(), a.pop(0), a); a.reverse(); print(a); a.clear(); print(a)
def get(x, i):
    return x[i]
for i in (0, 4, -5, 5, -6, True, 2**70, "a", 1.0, None, slice(1, 3)):
    try:
        print(i, get([1, 2, 3, 4, 5], i))
    except Exception as e:
        print(i, type(e).__name__, e)
def put(x, i, v):
    x[i] = v
    return x
for i in (0, -1, 3, "k"):
    try:
        print(put([1, 2, 3], i, "v"))
    except Exception as e:
        print(type(e).__name__, e)
