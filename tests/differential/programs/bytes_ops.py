"""bytes, bytearray and memoryview."""

def checksum(data):
    a, b = 1, 0
    for byte in data:
        a = (a + byte) % 65521
        b = (b + a) % 65521
    return b << 16 | a

data = bytes(range(256)) * 4
print(checksum(data), checksum(b""), checksum(bytearray(b"wiki")))
buffer = bytearray(16)
for i in range(16):
    buffer[i] = i * i % 256
print(buffer, buffer[3:9:2], bytes(buffer[-3:]), b"ab" + b"cd", b"ab" * 3, b"\x00\xff"[1])
for value in (256, -1, "a"):
    try:
        buffer[0] = value
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
view = memoryview(buffer)
view[2:4] = b"zz"
print(buffer[:5], view[1:3].tobytes(), b"a" < b"b", b"abc".hex(), bytes.fromhex("0aff"))
