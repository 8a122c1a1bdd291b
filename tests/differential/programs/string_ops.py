"""str: indexing, slicing, concatenation, formatting, methods, comparison, non-ASCII."""

def reverse(s):
    out = ""
    for i in range(len(s) - 1, -1, -1):
        out += s[i]
    return out

def count(s):
    d = {}
    for c in s:
        d[c] = d.get(c, 0) + 1
    return d

for s in ("", "a", "hello world", "naïve café", "日本語テキスト", "a\U0001f600b"):
    print(repr(s), reverse(s), count(s), s.upper(), s[1:-1], s[::-2], s * 2, s.encode(), len(s))
    for i in (-20, -1, 0, 5, 20):
        try:
            print(i, s[i])
        except IndexError as e:
            print(i, e)
print("%s|%5d|%-5.2f|%r|%%" % ("x", 42, 3.14159, "q"), "a,b,,c".split(","), "-".join(str(i) for i in range(5)))
print([a < b for a in ("a", "b", "aa", "é") for b in ("a", "b", "aa", "é")], "b" in "abc", "" in "abc", "abc".find("c"), "x".isdigit())
print("aXbX".replace("X", "--"), " pad ".strip(), "abc".startswith(("x", "a")), "{0}-{name}".format(1, name=2), ord("é"), chr(8364))
