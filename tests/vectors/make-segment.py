#!/usr/bin/env python3
"""Makes tests/vectors/segment: a partition as doc/format-segment.md says, by code of its own.

    python3 tests/vectors/make-segment.py

Needs the program zstd. Beside the files it writes segment.txt, which says what stands where in them. What is there is read by
lib/store/test-vectors.c, and by every later version: the files are not made anew when the format grows.
"""
import base64, hashlib, os, struct, subprocess

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'segment')
MONTH = 2026 * 12 + 10
DOMAIN = b'example.com'
FOLDER = os.path.join(HERE, '2026-11')
notes = []


def sha(b):
    return hashlib.sha256(b).digest()


def check(b):
    return sha(b)[:16]


def zstd(b):
    return subprocess.run(['zstd', '-q', '-3', '--no-check', '-c'], input=b, stdout=subprocess.PIPE, check=True).stdout


class Segment:
    def __init__(self, number, generation, salt):
        self.number, self.generation, self.salt = number, generation, salt
        self.name = 'segment-%06d.%d' % (number, generation)
        head = b'qasegm1\n' + struct.pack('<HHI', 1, 0, 64) + salt + struct.pack('<IIII', number, MONTH, 0, generation)
        self.b = head + check(head + DOMAIN)
        self.notes = []
        self.note(0, 64, 'header: segment %d, generation %d' % (number, generation))

    def note(self, at, n, text):
        self.notes.append((at, n, text))

    def frame(self, kind, directory, payload, count, first, at, items, packed, text):
        offset = len(self.b)
        stored = zstd(payload) if packed else payload
        head = b'qafr' + struct.pack('<BBHIIIIQQQ', kind, 1 if packed else 0, 0, len(directory), len(stored), len(payload),
                                     count, first, at, items)
        self.note(offset, 64, 'frame: ' + text)
        if directory:
            self.note(offset + 64, len(directory), 'directory')
        self.note(offset + 64 + len(directory), len(stored), 'payload' + (', zstd' if packed else ''))
        self.b += head + check(self.salt + struct.pack('<Q', offset) + head + directory + stored) + directory + stored
        return offset

    def items(self, items, packed=False, only=None):
        """items: (number, kind, stored bytes, digest of); only: so much of the last one goes here."""
        directory, payload = b'', b''
        places = []
        for number, kind, stored, original in items:
            directory += struct.pack('<QIB3x', number, len(stored), kind) + sha(original)
            places.append((number, len(payload), len(stored), sha(original)[:8]))
            payload += stored
        if only is not None:
            payload = payload[:only]
        offset = self.frame(1, directory, payload, len(items), items[0][0], 0, 0, packed,
                            'items ' + ', '.join(str(i[0]) for i in items))
        for number, at, length, d in places:
            item_recs[number] = struct.pack('<IIQQ', self.number, at, offset, length) + d

    def entries(self, entries, first, leaf, items, packed=False):
        directory = b''.join(struct.pack('<I', len(e[0])) for e in entries)
        offset = self.frame(2, directory, b''.join(e[0] for e in entries), len(entries), first, leaf, items, packed,
                            'entries %d to %d, leaves from %d' % (first, first + len(entries) - 1, leaf))
        for place, (b, record, digest) in enumerate(entries):
            entry_recs[first + place] = struct.pack('<IIQQ', self.number, place, offset, leaf + place) + record[:8] + digest


item_recs, entry_recs = {}, {}


def field(kind, value):
    return struct.pack('<HI', kind, len(value)) + value


def record_id(n):
    return bytes((n * 16 + i) & 255 for i in range(16))


def entry(n, message, trace, rest, extra=b'', fields_item=0):
    record = record_id(n)
    fields = field(1, record) + field(2, b'\1' if message is not None else b'\2') + extra
    flags = (message is not None) | (2 if fields_item else 0)
    here = b'' if fields_item else fields
    head = struct.pack('<BBHIQQQII', 1, flags, 0, len(trace), len(message or b''), rest, fields_item, len(here), 0)
    secret = bytes((n + i) & 255 for i in range(32))
    return (head + sha(message or b'') + secret + trace + here, record,
            sha(message)[:8] if message is not None else bytes(8)), fields


def rest(skeleton, parts=()):
    """parts: position in the skeleton, item, encoded length, line length, CRLF"""
    return struct.pack('<I', len(parts)) + b''.join(struct.pack('<QQQIB3x', *p) for p in parts) + skeleton


def run(raw, line, eol):
    b = base64.b64encode(raw)
    return eol.join(b[i:i + line] for i in range(0, len(b), line))


raw = bytes((i * i + i // 7) & 255 for i in range(4000))
one = b'Subject: one\n\n' + run(raw, 76, b'\n') + b'\n\nend\n'
trace_a, trace_b = b'Return-Path: <a@example.org>\n', b'Received: by x;\n\tMon\nDelivered-To: b@example.com\n'
crlf = b'Subject: two\r\n\r\n' + run(raw, 64, b'\r\n') + b'\r\n'
words = b''.join(b'word %d of a long text\n' % i for i in range(400))
long_fields_extra = field(40, b'/import/' + b'x' * 500)

# segment 1, sealed: a part, two rests of it with other line ends, four entries
s1 = Segment(1, 1, b'salt of number 1')
skeleton_one, skeleton_crlf = b'Subject: one\n\n\n\nend\n', b'Subject: two\r\n\r\n\r\n'
s1.items([(1, 2, raw, raw)])
s1.items([(2, 1, rest(skeleton_one, [(14, 1, len(run(raw, 76, b'\n')), 76, 0)]), one),
          (3, 1, rest(skeleton_crlf, [(16, 1, len(run(raw, 64, b'\r\n')), 64, 1)]), crlf)])
s1.entries([entry(1, trace_a + one, trace_a, 2)[0], entry(2, trace_b + one, trace_b, 2)[0], entry(3, None, b'', 0)[0],
            entry(4, crlf, b'', 3)[0]], 1, 0, 3)

# segment 2, closed: a rest that goes on in two more frames, packed ones; fields as an item; an empty message
s2 = Segment(2, 0, b'salt of number 2')
five = words + b'last\n'
stored = rest(five)
e6, fields6 = entry(6, b'', b'', 6, long_fields_extra, 5)
s2.items([(4, 1, stored, five)], packed=True, only=4000)
s2.frame(3, b'', stored[4000:8000], 0, 4, 4000, 0, True, 'more of item 4')
s2.frame(3, b'', stored[8000:], 0, 4, 8000, 0, False, 'the end of item 4')
s2.items([(5, 3, fields6, fields6), (6, 1, rest(b''), b'')])
s2.entries([entry(5, five, b'', 4)[0], e6], 5, 10, 6, packed=True)
closed = len(s2.b)
s2.b += b'what a crash left'
s2.note(closed, 17, 'behind its size in the manifest: nobody\'s')

# segment 3, open: an entry with a rest that is there already
s3 = Segment(3, 0, b'salt of number 3')
s3.entries([entry(7, b'Received: again\n' + one, b'Received: again\n', 2)[0]], 7, 12, 6)

manifest = (b'qmail-archive partition v1\ndomain example.com\nmonth 2026-11\nsegment 1 1 sealed %d %s\nsegment 2 0 closed %d\n'
            b'segment 3 0 open\n' % (len(s1.b), hashlib.sha256(s1.b).hexdigest().encode(), closed))
manifest += b'sha256 %s\n' % hashlib.sha256(manifest).hexdigest().encode()


def index(recs, size, old):
    """Synced but for the last record; the other slot is older."""
    head = b'qaindx1\n' + struct.pack('<II', size, MONTH)
    def slot(n):
        return struct.pack('<Q', n) + check(head + struct.pack('<Q', n))
    return head + slot(old) + slot(len(recs)) + b''.join(recs[n] for n in sorted(recs))


trusted = {n: r for n, r in entry_recs.items() if n < 7}
os.makedirs(FOLDER, exist_ok=True)
for name, b in (('manifest', manifest), ('entries.idx', index(trusted, 40, 4)), ('items.idx', index(item_recs, 32, 3)),
                (s1.name, s1.b), (s2.name, s2.b), (s3.name, s3.b)):
    with open(os.path.join(FOLDER, name), 'wb') as f:
        f.write(b)
with open(os.path.join(HERE, '..', 'segment.txt'), 'w') as f:
    f.write('What stands where in the segments of tests/vectors/segment: offset, first bytes, what it is. Made by make-segment.py.\n')
    for s in (s1, s2, s3):
        f.write('\n%s\n' % s.name)
        for at, n, text in s.notes:
            b = s.b[at:at + n]
            f.write('%7d  %s%s  %s, %d bytes\n' % (at, b[:12].hex(' '), ' ..' if n > 12 else '', text, n))
