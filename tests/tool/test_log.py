#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tool logs: lines of text or JSON, or records for the journal; with fields for those who
search, in which nobody else can write."""

import collections
import datetime
import json
import os
import re
import shutil
import socket
import subprocess
import unittest
import urllib.parse

import tool_harness as harness

# An end of a line and a field behind it, JSON, orders to a terminal, and what is no UTF-8.
HOSTILE = 'no\nPRIORITY=0\nIMP_FORGED=1\r"},{"\\\x1b[31m\u202e\u2028'
SHOWN = 'no\\x0aPRIORITY=0\\x0aIMP_FORGED=1\\x0d"},{"\\\\x1b[31m\\u202e\\u2028'
MODULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'modules')
CATALOG = os.path.join(os.environ['IMP_TEST_DROP_INS'], 'imp-remote.catalog')


def deny(reason):
    return f'pattern=string=evil&rxdir=0&action=deny&actdata={urllib.parse.quote(reason)}'


def ids():
    """The names of all kinds, by what their messages have as MESSAGE_ID."""
    page = os.path.join(os.environ['IMP_TEST_DROP_INS'], '..', 'docs', 'logs.md')
    with open(page, encoding='utf-8') as text:
        return {row[1]: row[0] for row in re.findall(r'^\| `([a-z-]+)` .* `([0-9a-f]{32})` \|$',
                                                     text.read(), re.M)}


class Journal:
    """Has the journal's place, within a name space of its own for the tool."""

    def __init__(self):
        self.folder = harness.make_folder()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(self.folder, 'socket'))
        self.socket.settimeout(harness.TIMEOUT)
        self.command = ('bwrap', '--die-with-parent', '--dev-bind', '/', '/', '--tmpfs', '/run',
                        '--bind', self.folder, '/run/systemd/journal', harness.TOOL)

    @staticmethod
    def parse(record):
        """A record in which no field has an end of a line, as a dictionary."""
        fields = collections.Counter()
        found = {}
        for line in record.decode().removesuffix('\n').split('\n'):
            key, _, value = line.partition('=')
            fields[key] += 1
            found[key] = value
        assert set(fields.values()) == {1}, record
        return found

    def read(self, until):
        """All records, to the one of this kind."""
        records = []
        while not records or records[-1].get('IMP_KIND') != until:
            records.append(self.parse(self.socket.recv(1 << 20)))
        return records

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()


class Logging(unittest.TestCase):
    """A relay whose log is read as bytes, from a pipe that it can be told is the journal's."""

    def start(self, *args, command=(harness.TOOL,), stream=False):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        status = os.fstat(writer)
        env = {**os.environ, 'JOURNAL_STREAM': f'{status.st_dev}:{status.st_ino}'}
        if not stream:
            env.pop('JOURNAL_STREAM')
        process = subprocess.Popen([*command, *args], stdout=subprocess.PIPE, stderr=writer,
                                   stdin=subprocess.DEVNULL, env=env)
        os.close(writer)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        address = process.stdout.readline().decode()
        self.assertTrue(address.startswith('listening '), address)
        return process, int(address.rpartition(':')[2]), reader

    def start_relay(self, module, *options, **how):
        upstream = harness.Upstream(harness.echo)
        self.addCleanup(upstream.__exit__)
        return self.start('relay', *options, '--listen', '127.0.0.1:0', '--module', module,
                          '--connect', upstream.address, **how)

    def finish(self, process, reader):
        """What has been logged, when it has ended."""
        in_name_space = process.args[0] == 'bwrap'
        os.kill(harness.descendants(process)[-1] if in_name_space else process.pid, 15)
        pieces = []
        while piece := os.read(reader, 1 << 16):
            pieces.append(piece)
        self.assertEqual(process.wait(harness.TIMEOUT), 0, pieces)
        return b''.join(pieces)

    def refuse(self, port, n_clients=1):
        for _ in range(n_clients):
            self.assertEqual(harness.fetch(port, b'evil'), b'')


class Json(Logging):
    def lines(self, log):
        self.assertTrue(log.endswith(b'\n') or not log, log)
        return [json.loads(line) for line in log.decode('utf-8', errors='strict').splitlines()]

    def check_refusal(self, fields, reason):
        self.assertEqual(fields['MESSAGE_ID'], 'dc7cb822120444f290bca72ff7449ebf')
        self.assertEqual(fields['IMP_KIND'], 'connection-refused')
        self.assertEqual(fields['PRIORITY'], '5')
        self.assertEqual(fields['GLIB_DOMAIN'], 'imp-remote')
        self.assertEqual(fields['IMP_OUTCOME'], 'refused')
        self.assertEqual(fields['IMP_REASON'], 'Denied by the analyzer: ' + reason)
        self.assertEqual(fields['IMP_MODULE'], 'pattern')
        self.assertRegex(fields['IMP_CLIENT'], r'^127\.0\.0\.1:\d+$')
        self.assertEqual(fields['MESSAGE'], '{IMP_CLIENT} -> {IMP_SERVER}: refused: '
                         '{IMP_REASON}'.format(**fields))
        self.assertNotIn('IMP_FORGED', fields)

    def test_hostile_text(self):
        process, port, reader = self.start_relay(deny(HOSTILE), '--log-format=json')
        self.refuse(port, 3)
        lines = self.lines(self.finish(process, reader))
        self.assertEqual([line['IMP_CONNECTION'] for line in lines], ['1', '2', '3'])
        for line in lines:
            self.check_refusal(line, SHOWN)
            self.assertEqual(datetime.datetime.fromisoformat(line['TIME'].replace('Z', '+00:00'))
                             .utcoffset(), datetime.timedelta(0))

    def test_verdicts(self):
        """Each says where it is from, and how far it goes."""
        process, port, reader = self.start_relay(deny('no'), '-v', '--log-format=json')
        self.refuse(port)
        verdicts = {line['IMP_OUTCOME']: line for line in self.lines(self.finish(process, reader))
                    if line['IMP_KIND'] == 'analyzer-verdict'}
        self.assertEqual(set(verdicts), {'pass', 'deny'})
        self.assertEqual(verdicts['pass']['IMP_OFFSET'], '-1')
        self.assertEqual(verdicts['pass']['IMP_DIRECTION'], 'server')
        self.assertEqual(verdicts['deny']['IMP_DIRECTION'], 'client')
        self.assertEqual(verdicts['deny']['PRIORITY'], '6')

    def test_nothing_inspects(self):
        """A soft failure is a warning, of the library and of the relay."""
        path = os.path.join(harness.make_folder(), 'nobody')
        process, port, reader = self.start_relay(f'remote=addr={path}&fail=soft',
                                                 '--log-format=json')
        with harness.connect(port) as client:
            client.sendall(b'x')
            self.assertEqual(client.recv(1), b'x')
        lines = {line['IMP_KIND']: line for line in self.lines(self.finish(process, reader))}
        self.assertEqual(lines['analyzer-bypassed']['PRIORITY'], '4')
        self.assertIn(path, lines['analyzer-bypassed']['IMP_REASON'])
        self.assertEqual(lines['analyzer-log']['PRIORITY'], '3')
        self.assertEqual(lines['analyzer-log']['IMP_CONNECTION'], '1')

    def test_errors(self):
        """What ends the program is a line of the same form, from the option on."""
        _, _, err = harness.run_tool('serve', '--log-format=json', '--idle-exit=x\n')
        line, = self.lines(err.encode())
        self.assertEqual(line['IMP_KIND'], 'error')
        self.assertEqual(line['PRIORITY'], '3')
        self.assertIn('--idle-exit "x\\x0a"', line['MESSAGE'])

    def test_unknown_format(self):
        for command in ('serve', 'relay'):
            status, _, err = harness.run_tool(command, '--log-format=xml\n')
            self.assertEqual(status, 2)
            self.assertIn('--log-format "xml\\x0a": it is auto, text, json or journal', err)

    def test_kinds_have_limits_of_their_own(self):
        process, port, reader = self.start_relay(deny('no'), '-v', '--log-rate=1',
                                                 '--log-format=json')
        self.refuse(port, 30)
        lines = self.lines(self.finish(process, reader))
        written = collections.Counter(line['IMP_KIND'] for line in lines)
        left_out = collections.Counter()
        for line in lines:
            if line['IMP_KIND'] == 'left-out':
                n, kind = re.match(r'(\d+) lines \(([a-z-]+)\) were left out \(--log-rate is 1\)$',
                                   line['MESSAGE']).groups()
                self.assertEqual(kind, line['IMP_ABOUT'])
                left_out[kind] += int(n)
        self.assertEqual(set(left_out), {'connection-refused', 'analyzer-verdict'})
        for kind in left_out:
            self.assertGreaterEqual(written[kind], 10)
        self.assertEqual(written['connection-refused'] + left_out['connection-refused'], 30)
        self.assertEqual(written['analyzer-verdict'] + left_out['analyzer-verdict'], 60)

    def test_what_is_left_out_is_said_in_time(self):
        """Though no other line of that kind comes."""
        process, port, reader = self.start_relay(deny('no'), '--log-rate=1', '--log-format=json')
        self.refuse(port, 13)
        text = b''
        while b'left-out' not in text:
            text += os.read(reader, 1 << 16)
        self.assertIsNone(process.poll())
        self.finish(process, reader)


class Silence(Logging):
    def check(self, module, name):
        """Whoever says nothing is named, before anything comes of it."""
        process, port, reader = self.start_relay(module, '--warn-silence=1', '--log-format=json')
        with harness.connect(port) as client:
            client.sendall(b'ready')
            self.assertEqual(client.recv(5, socket.MSG_WAITALL), b'ready')
            client.sendall(b'on')
            text = b''
            while not text.endswith(b'\n'):
                text += os.read(reader, 1 << 16)
            fields = json.loads(text)
            self.assertEqual(fields['IMP_KIND'], 'analyzer-silent')
            self.assertEqual(fields['PRIORITY'], '4')
            self.assertEqual(fields['IMP_CONNECTION'], '1')
            self.assertRegex(fields['IMP_CLIENT'], r'^127\.0\.0\.1:\d+$')
            self.assertIn(name, fields['IMP_MODULE'])
            self.assertEqual(fields['IMP_DIRECTION'], 'client')
            self.assertEqual(fields['IMP_OFFSET'], '5')
            self.assertEqual(fields['IMP_BYTES'], '2')
            self.assertRegex(fields['MESSAGE'], r'has said nothing for \d+ s \(since '
                             r'\d\d:\d\d:\d\d\) about 2 bytes from the client')
        self.assertNotIn(b'analyzer-silent', self.finish(process, reader))

    def test_module(self):
        self.check(os.path.join(os.environ['IMP_TEST_MODULES'], 'forgetful.so'),
                   'ForgetfulAnalyzer')

    @unittest.skipUnless('IMP_TEST_SCRIPTS' in os.environ, 'this build has no bindings')
    def test_script(self):
        self.check(os.path.join(MODULES, 'silent.py'), 'silent.py')


class States(unittest.TestCase):
    """What connections come through is for those who look for errors."""

    def run_both(self, domains):
        """The log of a server and of a relay that has it and two clients."""
        folder = harness.make_folder()
        env = {'G_MESSAGES_DEBUG': domains}
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('serve', '--module', 'pattern=string=evil&rxdir=0&action=deny',
                             os.path.join(folder, 's'), env=env) as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={server.address}', '--connect', upstream.address,
                             env=env) as relay:
            with harness.connect(relay.port) as client:
                client.sendall(b'good')
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client), b'good')
            self.assertEqual(harness.fetch(relay.port, b'evil'), b'')
            relay.wait_for_log('refused')
            server.process.terminate()
            if domains:
                relay.wait_for_log('draining')
        return server.log, relay.log

    def check(self, log, domain, *states):
        """They are there in this order."""
        lines = [line for line in log if f' {domain}-DEBUG: ' in line]
        for state in states:
            while lines and not re.search(state, lines[0]):
                del lines[0]
            self.assertTrue(lines, (state, log))

    def test_shown(self):
        server, relay = self.run_both('Imp-rpc imp-remote')
        self.check(server, 'Imp-rpc', ': connected$', ': speaks version 2 of cbor$', ': ends: ')
        self.check(relay, 'Imp-rpc', 'server .*/s: connecting$', ': connected$',
                   ': speaks version 2 of cbor$', 'server .*/s: ready$', 'server .*/s: draining$')
        client = r'connection %d: 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+: %s$'
        self.check(relay, 'imp-remote',
                   *(client % (1, state) for state in ('accepted', 'connecting', 'relaying',
                                                       'complete')))
        self.check(relay, 'imp-remote', client % (2, 'Denied by the analyzer: .*'))

    def test_not_shown(self):
        server, relay = self.run_both('')
        for line in server + relay:
            self.assertNotIn('DEBUG', line)


class Text(Logging):
    def test_priority_for_systemd(self):
        """Standard error is the journal's: a line says how important it is, and others cannot."""
        process, port, reader = self.start_relay(deny('<0>\n<0>no'), '--log-format=text',
                                                 stream=True)
        self.refuse(port)
        line, = self.finish(process, reader).decode().splitlines()
        self.assertRegex(line, r'^<5>imp-remote-Message: .*: refused: '
                         r'Denied by the analyzer: <0>\\x0a<0>no$')

    def test_plain(self):
        process, port, reader = self.start_relay(deny('no'))
        self.refuse(port)
        self.assertRegex(self.finish(process, reader), rb'^imp-remote-Message: '
                         rb'.*: refused: Denied by the analyzer: no\n$')

    def test_stream_of_somebody_else(self):
        """JOURNAL_STREAM of another descriptor, as where standard error is a file."""
        status, _, err = harness.run_tool('serve', '--idle-exit=x', env={'JOURNAL_STREAM': '1:1'})
        self.assertEqual(status, 2)
        self.assertTrue(err.startswith('imp-remote: '), err)


class ToJournal(Logging):
    def setUp(self):
        trial = subprocess.run(['bwrap', '--dev-bind', '/', '/', '--tmpfs', '/run', '--bind',
                                '/tmp', '/run/systemd/journal', 'true'],
                               stderr=subprocess.PIPE, text=True, check=False)
        if trial.returncode != 0:
            self.skipTest('bwrap DOES NOT WORK HERE, so no journal is tested: ' + trial.stderr)

    def test_records(self):
        with Journal() as journal:
            process, port, reader = self.start_relay(deny(HOSTILE), command=journal.command,
                                                     stream=True)
            self.refuse(port)
            record, = journal.read('connection-refused')
            self.assertEqual(record['SYSLOG_IDENTIFIER'], 'imp-remote')
            self.assertEqual(record['PRIORITY'], '5')
            self.assertEqual(record['IMP_CONNECTION'], '1')
            self.assertEqual(record['IMP_REASON'], 'Denied by the analyzer: ' + SHOWN)
            self.assertEqual(ids()[record['MESSAGE_ID']], 'connection-refused')
            self.assertNotIn('IMP_FORGED', record)
            self.assertEqual(self.finish(process, reader), b'')

    def test_journal_that_is_gone(self):
        """Lines are not lost with it; it may come again."""
        with Journal() as journal:
            process, port, reader = self.start_relay(deny('no'), '--log-format=journal',
                                                     command=journal.command)
            self.refuse(port)
            journal.read('connection-refused')
            path = os.path.join(journal.folder, 'socket')
            os.rename(path, path + '.gone')
            self.refuse(port)
            text = os.read(reader, 1 << 16)
            self.assertIn(b': refused: Denied by the analyzer: no\n', text)
            os.rename(path + '.gone', path)
            self.refuse(port)
            self.assertEqual(journal.read('connection-refused')[0]['IMP_CONNECTION'], '3')
            self.assertEqual(self.finish(process, reader), b'')

    def test_journal_that_is_not_read(self):
        """Nobody waits for it, and what it did not get is counted."""
        n = 40000
        with Journal() as journal:
            process, port, reader = self.start_relay(
                'pattern=string=a&action=replace&actdata=b&rxdir=0', '-v', '--log-rate=0',
                '--log-format=journal', command=journal.command)
            with harness.connect(port) as client:
                for _ in range(n // 1000):
                    client.sendall(b'a' * 1000)
                    self.assertEqual(client.recv(1000, socket.MSG_WAITALL), b'b' * 1000)
                records = journal.read('dropped')
            dropped = int(records[-1]['MESSAGE'].split()[0])
            self.assertIn("since the journal's socket was not read", records[-1]['MESSAGE'])
            replaced = [record for record in records if record.get('IMP_OUTCOME') == 'replace']
            self.assertGreater(len(replaced), 100)
            self.assertEqual(len(replaced) + dropped, n)
            self.assertEqual(self.finish(process, reader), b'')


class Catalog(unittest.TestCase):
    def test_journalctl_takes_it(self):
        root = harness.make_folder()
        folder = os.path.join(root, 'usr', 'lib', 'systemd', 'catalog')
        os.makedirs(folder)
        shutil.copy(CATALOG, folder)
        command = ['journalctl', f'--root={root}']
        subprocess.run([*command, '--update-catalog'], check=True, timeout=harness.TIMEOUT)
        said = subprocess.run([*command, '--list-catalog'], stdout=subprocess.PIPE, text=True,
                              check=True, timeout=harness.TIMEOUT).stdout
        self.assertEqual({line.split()[0] for line in said.splitlines()}, set(ids()))


if __name__ == '__main__':
    unittest.main()
