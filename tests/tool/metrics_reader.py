# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what --metrics says, strictly: what is no line of the format is an error."""

import re
import socket
import subprocess

import tool_harness as harness

OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
PLAIN = 'text/plain; version=0.0.4; charset=utf-8'
NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
SAMPLE = re.compile(rf'({NAME})(?:\{{(.*)\}})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,(?!$)|$)')
ENDS = {'counter': ('_total',), 'gauge': ('',), 'histogram': ('_bucket', '_sum', '_count')}


def parse_labels(text):
    labels, place = {}, 0
    while place < len(text):
        found = LABEL.match(text, place)
        if not found or found.group(1) in labels:
            raise AssertionError(f'{text!r} are no labels')
        labels[found.group(1)] = re.sub(r'\\(.)', lambda m: {'n': '\n'}.get(m[1], m[1]),
                                        found.group(2))
        place = found.end()
    return labels


class Scrape:
    """One answer: `types`, `helps` and `units` by family, and the samples."""

    def __init__(self, text, is_open=True):
        self.text = text
        self.types, self.helps, self.units, self.samples = {}, {}, {}, []
        family, series = None, set()
        lines = text.split('\n')
        if lines.pop() != '' or (is_open and lines.pop() != '# EOF'):
            raise AssertionError(f'{text[-100:]!r} is no end')
        for line in lines:
            if line.startswith('#'):
                family = self._parse_comment(line)
                continue
            found = SAMPLE.fullmatch(line)
            if not found:
                raise AssertionError(f'{line!r} is no sample')
            name, labels = found.group(1), parse_labels(found.group(2) or '')
            kind = self.types[family]
            ends = ('',) if kind == 'counter' and not is_open else ENDS[kind]
            if name not in [family + end for end in ends]:
                raise AssertionError(f'{line!r} is in the family {family}')
            key = (name, frozenset(labels.items()))
            if key in series:
                raise AssertionError(f'{line!r} is there twice')
            series.add(key)
            self.samples.append((name, labels, float(found.group(3))))

    def _parse_comment(self, line):
        _, what, family, text = line.split(' ', 3)
        table = {'HELP': self.helps, 'TYPE': self.types, 'UNIT': self.units}[what]
        if family in table:
            raise AssertionError(f'{line!r} is there twice')
        if what == 'UNIT' and not family.endswith('_' + text):
            raise AssertionError(f'{line!r}: the name has another end')
        table[family] = text
        return family

    def find(self, name, **labels):
        """The values of all series that have these labels."""
        return [value for n, of, value in self.samples
                if n == name and all(of.get(key) == wanted for key, wanted in labels.items())]

    def sum(self, name, **labels):
        found = self.find(name, **labels)
        if not found:
            raise AssertionError(f'there is no {name} with {labels}')
        return sum(found)

    def names(self):
        return {name for name, _, _ in self.samples}


def curl(place, *options):
    """(status, content type, body), by another program's opinion."""
    where = [f'http://{place}/metrics']
    if place.startswith('/'):
        where = ['--unix-socket', place, 'http://localhost/metrics']
    done = subprocess.run(['curl', '--silent', '--show-error', '--max-time', str(harness.TIMEOUT),
                           '--write-out', '\n%{http_code} %{content_type}', *options, *where],
                          stdout=subprocess.PIPE, check=True, text=True)
    body, _, end = done.stdout.rpartition('\n')
    status, _, content_type = end.partition(' ')
    return int(status), content_type, body


def scrape(place):
    status, content_type, body = curl(place, '--header', f'Accept: {OPEN}')
    if (status, content_type) != (200, OPEN):
        raise AssertionError(f'{status} {content_type}: {body}')
    return Scrape(body)


def ask(place, request):
    """All that comes for these bytes, by a socket."""
    host, _, port = place.rpartition(':')
    with socket.create_connection((host, int(port)), timeout=harness.TIMEOUT) as client:
        client.sendall(request)
        return harness.read_end(client)[0]
