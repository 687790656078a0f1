#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""--metrics of programs that do all that can be counted, against the page that lists it, the
dashboard, the alerts and what other programs of the field say."""

import json
import os
import re
import subprocess
import unittest

import metrics_reader as reader
import tool_harness as harness

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
DATA = os.path.join(SOURCE, 'data', 'metrics')
ALERTS = os.path.join(DATA, 'imp-remote-alerts.yml')
PATTERN = 'pattern=string=foo&action=replace&actdata=bar'
# What Prometheus itself puts to each series, and what a query makes.
OWN_LABELS = {'job', 'instance', 'le'}


def promtool(*args, text=None):
    done = subprocess.run(['promtool', *args], input=text, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def read_page():
    """{name: (type, labels)} of all tables."""
    rows = {}
    with open(os.path.join(SOURCE, 'docs', 'metrics.md'), encoding='utf-8') as page:
        for line in page:
            found = re.match(r'\| `(\w+)` \| (\w+) \| ([\w, ]*)\| ', line)
            if found:
                labels = {label.strip() for label in found.group(3).split(',')} - {''}
                rows[found.group(1)] = found.group(2), labels
    return rows


class Everything(unittest.TestCase):
    """All tools run once, and all tests look at what these have said."""

    @classmethod
    def setUpClass(cls):
        cls.folder = harness.make_folder()
        upstream = cls.enterContext(harness.Upstream(harness.echo))
        sockets = [f'{cls.folder}/serve{i}' for i in range(2)]
        serves = [cls.enterContext(harness.Tool('serve', '--metrics', '127.0.0.1:0', '--module',
                                                PATTERN, path, metrics=1)) for path in sockets]
        relay = cls.enterContext(harness.Tool(
            'relay', '--metrics', '127.0.0.1:0', '--record', f'{cls.folder}/records',
            '--listen', '127.0.0.1:0', '--module', 'pass', '--module',
            f'remote=addresses={sockets[0]},{sockets[1]}', '--shadow', PATTERN, '--connect',
            upstream.address, metrics=1))
        datagrams = cls.enterContext(harness.Tool(
            'relay', '--metrics', '127.0.0.1:0', '--listen', 'udp:127.0.0.1:0', '--connect',
            f'udp:{upstream.address}', metrics=1))
        for _ in range(4):
            with harness.connect(relay.port) as client:
                client.sendall(b'a foo')
                client.shutdown(1)
                assert harness.read_all(client) == b'a bar'
        harness.wait_until(lambda: reader.scrape(relay.metrics[0]).sum(
            'imp_relay_ended_connections_total') == 4)
        cls.places = [tool.metrics[0] for tool in (relay, datagrams, serves[0], serves[1])]
        cls.scrapes = [reader.scrape(place) for place in cls.places]
        cls.relay, cls.datagrams, *cls.serves = cls.scrapes

    @classmethod
    def enterContext(cls, manager):
        value = manager.__enter__()
        cls.addClassCleanup(manager.__exit__, None, None, None)
        return value

    @classmethod
    def labels(cls):
        """{name of a series: its labels}, of all that was said."""
        found = {}
        for scrape in cls.scrapes:
            for name, labels, _ in scrape.samples:
                found.setdefault(name, set()).update(labels)
        return found

    def test_page(self):
        """What is said is on the page, and what is on the page is said."""
        said = {}
        for scrape in self.scrapes:
            for family, kind in scrape.types.items():
                ends = {'counter': '_total', 'gauge': '', 'histogram': ''}[kind]
                labels = set()
                for name, of, _ in scrape.samples:
                    if name in [family + end for end in reader.ENDS[kind]]:
                        labels |= set(of) - {'le'}
                kind_before, labels_before = said.get(family + ends, (kind, set()))
                self.assertEqual(kind_before, kind)
                said[family + ends] = kind, labels | labels_before
        self.assertEqual(said, read_page())

    def test_units(self):
        for scrape in self.scrapes:
            for family in scrape.types:
                for unit in ('bytes', 'seconds'):
                    self.assertEqual(family.endswith('_' + unit),
                                     scrape.units.get(family) == unit, family)

    def test_promtool(self):
        for place in self.places:
            text = reader.curl(place)[2]
            self.assertEqual(promtool('check', 'metrics', text=text), (0, ''), place)

    def test_modules(self):
        """Verdicts of each part, and how long it took for them."""
        for part, module in (('1', 'pass'), ('2', 'remote')):
            of = {'part': part, 'module': module}
            self.assertEqual(self.relay.find('imp_module_up', **of), [1])
            self.assertEqual(self.relay.find('imp_module_live_analyzers', **of), [0])
        of = {'part': '2', 'module': 'remote'}
        self.assertEqual(self.relay.find('imp_module_analyzers_total', **of), [4])
        self.assertGreaterEqual(self.relay.sum('imp_module_verdicts_total', verdict='pass', **of),
                                4)
        self.assertEqual(self.relay.find('imp_module_verdicts_total', verdict='fatal', **of), [0])
        served = sum(scrape.sum('imp_module_verdicts_total', verdict='replace')
                     for scrape in self.serves)
        self.assertEqual(served, self.relay.sum('imp_module_verdicts_total', verdict='replace',
                                                **of))
        self.assertGreater(served, 0)

    def test_histogram(self):
        """Buckets grow up to the count, and the sum lies between what they allow."""
        name = 'imp_module_verdict_seconds'
        self.assertEqual(self.relay.types[name], 'histogram')
        of = {'part': '2', 'module': 'remote'}
        buckets = [(float(labels['le']), value) for n, labels, value in self.relay.samples
                   if n == name + '_bucket' and labels['part'] == '2']
        count, = self.relay.find(name + '_count', **of)
        total, = self.relay.find(name + '_sum', **of)
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], (float('inf'), count))
        self.assertGreater(count, 0)
        counts = [value for _, value in buckets]
        self.assertEqual(counts, sorted(counts))
        least = sum(end * (after - before) for (end, before), after in zip(buckets, counts[1:]))
        self.assertGreaterEqual(total, least)

    def test_both_ends(self):
        """What one end has sent has come to the other, soon."""
        def count():
            relay, _, *serves = [reader.scrape(place) for place in self.places]
            return [(sum(scrape.sum(f'imp_serve_{unit}_total', way=there) for scrape in serves),
                     relay.sum(f'imp_remote_{unit}_total', way=here))
                    for unit in ('messages', 'bytes')
                    for there, here in (('in', 'out'), ('out', 'in'))]
        harness.wait_until(lambda: all(here == there > 0 for here, there in count()))
        self.assertEqual(sum(scrape.sum('imp_serve_analyzers_total') for scrape in self.serves), 4)

    def test_servers(self):
        servers = {labels['server'] for name, labels, value in self.relay.samples
                   if name == 'imp_remote_server_up' and value == 1}
        self.assertEqual(servers, {f'{self.folder}/serve{i}' for i in range(2)})

    def test_shadow_and_record(self):
        self.assertEqual(self.relay.sum('imp_relay_recordings_total'), 4)
        self.assertEqual(self.relay.sum('imp_relay_recording'), 1)
        self.assertGreater(self.relay.sum('imp_relay_recorded_bytes_total'), 0)

    # ---- what comes with it ----

    def check_query(self, query):
        """All that it names is there."""
        there = self.labels()
        query = re.sub(r'"[^"]*"', '""', query)
        names = set(re.findall(r'\b(?:imp|process)_\w+', query))
        self.assertTrue(names, query)
        self.assertLessEqual(names, set(there), query)
        known = OWN_LABELS.union(*(there[name] for name in names))
        used = set(re.findall(r'(\w+)\s*=~?""', query))
        for group in re.findall(r'\b(?:by|on)\s*\(([^)]*)\)', query):
            used |= {label.strip() for label in group.split(',')}
        self.assertLessEqual(used, known, query)

    def list_queries(self):
        with open(os.path.join(DATA, 'imp-remote-dashboard.json'), encoding='utf-8') as text:
            dashboard = json.load(text)
        panels = [panel for panel in dashboard['panels'] if panel['type'] != 'row']
        self.assertEqual(len({panel['id'] for panel in dashboard['panels']}),
                         len(dashboard['panels']))
        for panel in panels:
            self.assertTrue(panel['targets'], panel['title'])
        return [(target['expr'], target['legendFormat'])
                for panel in panels for target in panel['targets']]

    def test_dashboard(self):
        queries = self.list_queries()
        self.assertGreater(len(queries), 20)
        for query, legend in queries:
            with self.subTest(query=query):
                self.check_query(query)
                self.assertLessEqual(set(re.findall(r'\{\{(\w+)\}\}', legend)),
                                     set(re.findall(r'\w+', query)) | {'instance'})

    def test_dashboard_syntax(self):
        """Prometheus takes them, once Grafana has put in what it knows."""
        rules = []
        for i, (query, _) in enumerate(self.list_queries()):
            query = query.replace('$__rate_interval', '5m').replace('$job', 'a')
            rules.append({'record': f'query{i}', 'expr': query.replace('$instance', 'b')})
        path = f'{self.folder}/queries.yml'
        with open(path, 'w', encoding='utf-8') as text:
            json.dump({'groups': [{'name': 'queries', 'rules': rules}]}, text)
        status, said = promtool('check', 'rules', path)
        self.assertEqual(status, 0, said)

    def test_alerts(self):
        status, said = promtool('check', 'rules', ALERTS)
        self.assertEqual(status, 0, said)
        with open(ALERTS, encoding='utf-8') as text:
            queries = re.findall(r'(?m)^ +expr: (?:>-\n)?((?:.*\n)(?: {10}\S.*\n)*)', text.read())
        self.assertGreater(len(queries), 5)
        for query in queries:
            with self.subTest(query=query):
                self.check_query(query)

    def test_alerts_fire(self):
        """Each of those that matter most does when it should, and not before."""
        status, said = promtool('test', 'rules',
                                os.path.join(SOURCE, 'tests', 'tool', 'metrics_alerts.yml'))
        self.assertEqual(status, 0, said)


if __name__ == '__main__':
    harness.main()
