#!/usr/bin/env python3
"""Makes journal-1.bin and journal-2.bin from doc/format-journal.md alone, without our C code.

journal-1.bin: a journal file with three records and a preallocated tail.
journal-2.bin: a direct file with one record.
Salt, ids and times are fixed, so the bytes are too."""
import hashlib
import os
import struct

here = os.path.dirname(os.path.abspath(__file__))


def check(*parts):
    return hashlib.sha256(b"".join(parts)).digest()[:16]


def file_header(salt, number, created):
    head = b"qajrnl1\n" + struct.pack("<HHI", 1, 0, 64) + salt + struct.pack("<QQ", number, created)
    return head + check(head)


def field(kind, value):
    return struct.pack("<HI", kind, len(value)) + value


def record(salt, offset, message, fields):
    head = b"qarc" + struct.pack("<HHQQQ", 1, 0, len(message), len(fields), 0)
    head += hashlib.sha256(message).digest()
    c1 = check(salt, struct.pack("<Q", offset), head)
    c2 = check(c1, fields)
    body = head + c1 + c2 + message + fields
    return body + bytes(-len(body) % 8)


def must(n, kind, source):
    return (field(1, bytes([n]) * 16) + field(2, bytes([kind]))
            + field(3, struct.pack("<Q", 1795490525000000001 + n)) + field(4, bytes([source])))


def main():
    salt = bytes(range(16))
    out = file_header(salt, 0x0006600000000001, 1795490525000000000)
    queue = (must(1, 1, 1) + field(5, b"mx1.example.com") + field(6, struct.pack("<III", 89, 89, 4711))
             + field(7, struct.pack("<I", 1001)) + field(8, b"alice@example.org")
             + field(9, b"bob@example.com") + field(9, b"Carol@Example.COM")
             + field(16, b"192.0.2.1") + field(21, b"TCP") + field(0x1234, b"\x00unknown"))
    out += record(salt, len(out), b"Subject: one\n\nNUL \x00 CR \r 8-bit \xff\n", queue)
    out += record(salt, len(out), b"", must(2, 2, 2) + field(36, bytes(32)) + field(37, b"example.com"))
    out += record(salt, len(out), b"", must(3, 1, 1) + field(8, b""))
    out += bytes(4096 - len(out))
    with open(os.path.join(here, "journal-1.bin"), "wb") as f:
        f.write(out)
    salt = bytes(range(255, 239, -1))
    out = file_header(salt, 0, 1795490526000000000)
    out += record(salt, len(out), b"x" * 5000 + b"\n",
                  must(4, 1, 1) + field(8, b"#@[]") + field(9, b"postmaster@example.net"))
    with open(os.path.join(here, "journal-2.bin"), "wb") as f:
        f.write(out)


if __name__ == "__main__":
    main()
