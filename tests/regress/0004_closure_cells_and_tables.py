"""Numbers in cells, an attribute call on a bound method in a local, and a table read through a closure (a ZIP decrypter)."""


def _gen_crc(crc):
    for j in range(8):
        if crc & 1:
            crc = (crc >> 1) ^ 0xEDB88320
        else:
            crc >>= 1
    return crc


def _ZipDecrypter(pwd):
    key0 = 305419896
    key1 = 591751049
    key2 = 878082192
    crctable = list(map(_gen_crc, range(256)))
    def crc32(ch, crc):
        return (crc >> 8) ^ crctable[(crc ^ ch) & 0xFF]
    def update_keys(c):
        nonlocal key0, key1, key2
        key0 = crc32(c, key0)
        key1 = (key1 + (key0 & 0xFF)) & 0xFFFFFFFF
        key1 = (key1 * 134775813 + 1) & 0xFFFFFFFF
        key2 = crc32(key1 >> 24, key2)
    for p in pwd:
        update_keys(p)
    def decrypter(data):
        result = bytearray()
        append = result.append
        for c in data:
            k = key2 | 2
            c ^= ((k * (k^1)) >> 8) & 0xFF
            update_keys(c)
            append(c)
        return bytes(result)
    return decrypter


for i in range(30):
    d = _ZipDecrypter(b"secret%d" % i)
    print(d(b"hello world" * 20)[-20:])
