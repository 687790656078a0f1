# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams in which every byte says where it belongs, and what is wrong with what came of one.

A stream consists of blocks. Each has the stream's number, its own, and a keyed hash of both, so
that none can be taken for another; and a word that the rewriting analyzers change.
"""

import collections
import dataclasses
import hashlib
import re

from judgement import count_common

KEY = b'a key of the hole test'
SENT, JUDGED = b'as-sent', b'judged'
BLOCK = re.compile(rb'<([0-9A-F]{8}):([0-9A-F]{8}):([0-9A-F]{16}):([A-Za-z-]+)>\n')


def make_hash(stream, number):
    text = b'%08X:%08X' % (stream, number)
    return hashlib.blake2b(text, key=KEY, digest_size=8).hexdigest().upper().encode()


def make_block(stream, number):
    return b'<%08X:%08X:%s:%s>\n' % (stream, number, make_hash(stream, number), SENT)


def make_stream(stream, n_blocks):
    return b''.join(make_block(stream, number) for number in range(n_blocks))


def rewrite(data):
    return data.replace(SENT, JUDGED)


def shout(data):
    return data.upper()


def keep(data):
    return data


def rewrite_up_to(data, change, arrived):
    """All of @data, changed as far as @arrived is."""
    if change is rewrite:
        return data.replace(SENT, JUDGED, arrived.count(JUDGED))
    changed = change(data)
    point = count_common(arrived, changed)
    return changed[:point] + data[point:]


@dataclasses.dataclass
class Finding:
    """Bytes, of one stream or of many."""
    arrived: int = 0
    changed: int = 0     # of them, as the analyzer has made them
    unseen: int = 0      # of them, passed without a verdict, as the mode soft has it
    withheld: int = 0    # never came, as the mode hard has it
    lost: int = 0
    doubled: int = 0
    misplaced: int = 0
    false_ends: int = 0  # streams of which a part came, and then an end as if that were all

    def add(self, other):
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def is_good(self):
        return self.lost == self.doubled == self.misplaced == self.false_ends == 0


def read_blocks(arrived, stream):
    """The numbers of the blocks that came, with their lengths; and how many bytes are in none."""
    found, inside = [], 0
    for match in BLOCK.finditer(arrived):
        number = int(match[2], 16)
        if int(match[1], 16) == stream and match[3] == make_hash(stream, number):
            found.append((number, len(match[0])))
            inside += len(match[0])
    return found, len(arrived) - inside


def count_errors(arrived, stream, n_blocks, finding):
    """Of something that is not as it must be: which bytes are wrong in which way."""
    found, outside = read_blocks(arrived, stream)
    finding.misplaced += outside
    seen = collections.Counter()
    highest = -1
    for number, length in found:
        seen[number] += 1
        if seen[number] > 1:
            finding.doubled += length
        elif number < highest:
            finding.misplaced += length
        highest = max(highest, number)
    length = len(make_block(stream, 0))
    finding.lost += sum(length for number in range(n_blocks) if seen[number] == 0)


def count_blocks_up_to(arrived, stream):
    """As many as there would be, had nothing been lost before the last one that came."""
    found, _ = read_blocks(arrived, stream)
    return max((number for number, _ in found), default=-1) + 1


def judge_hard(stream, sent, change, arrived, ended):
    """Exactly the beginning of what the analyzer makes of it; and who gets a part is told so."""
    finding = Finding(arrived=len(arrived))
    whole = change(sent)
    if whole.startswith(arrived):
        finding.changed = len(arrived)
        finding.withheld = len(whole) - len(arrived)
    else:
        count_errors(arrived, stream, count_blocks_up_to(arrived, stream), finding)
        # Blocks that are all there, in order, but not as they have to be: nobody has judged them.
        if finding.lost == finding.doubled == finding.misplaced == 0:
            finding.misplaced = len(arrived) or 1
    finding.false_ends = int(ended and len(arrived) < len(whole))
    return finding


def judge_soft(stream, sent, change, arrived, ended):
    """Everything: as the analyzer makes it up to one place, and from there on as it was sent."""
    finding = Finding(arrived=len(arrived))
    if arrived == rewrite_up_to(sent, change, arrived):
        finding.changed = count_common(arrived, change(sent))
        finding.unseen = len(arrived) - finding.changed
    else:
        count_errors(arrived, stream, len(sent) // len(make_block(stream, 0)), finding)
        if finding.lost == finding.doubled == finding.misplaced == 0:
            finding.misplaced = len(arrived) or 1
    finding.false_ends = int(ended and len(arrived) < len(sent) and finding.lost > 0)
    return finding
