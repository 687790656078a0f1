#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every error gets one clear line on standard error and the right exit status."""

import json
import os
import re
import signal
import socket
import time
import unittest

import tool_harness as harness

COMMANDS = ('serve', 'relay', 'filter', 'modules', 'new', 'ping', 'prove', 'rehearse', 'replay',
            'conform', 'status', 'top')
if os.environ.get('IMP_TEST_CAPTURES') == '1':
    COMMANDS += ('pcap',)
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs')


def read_docs(*path):
    with open(os.path.join(DOCS, *path), encoding='utf-8') as page:
        return page.read()


class Help(unittest.TestCase):
    def get_help(self, *args):
        status, out, err = harness.run_tool(*args, '--help')
        self.assertEqual((status, err), (0, ''), args)
        self.assertIn('Usage:', out)
        return out

    def test_help(self):
        out = self.get_help()
        for name in COMMANDS:
            self.assertRegex(out, rf'(?m)^  {name}\b')
            self.get_help(name)

    def test_alias(self):
        out = self.get_help('faults')
        self.assertEqual(out, self.get_help('rehearse').replace('remote rehearse', 'remote faults'))

    def test_man_pages(self):
        """Each option of each command is in its man page, and no other is."""
        for name in COMMANDS:
            options = set(re.findall(r'(?m)^  (?:-\w, )?(--[a-z-]+)', self.get_help(name)))
            options.remove('--help')
            page = read_docs('man', f'imp-remote-{name}.1.rst')
            listed = re.findall(r'(?m)^(-.*)$', page.partition('\nOPTIONS\n')[2])
            documented = {option for line in listed
                          for option in re.findall(r'(--[a-z][a-z-]+)', line)}
            self.assertEqual(options, documented, name)

    def test_defaults(self):
        """The page of limits says what the help says."""
        rows = re.findall(r'(?m)^\| `--([a-z-]+)` \| (\d+(?: [KM]iB)?)', read_docs('limits.md'))
        defaults = dict(re.findall(r'--([a-z-]+)=\w+ .*\(default: (\d+(?: [KM]iB)?)\)',
                                   self.get_help('relay')))
        self.assertEqual(dict(rows), defaults)
        if 'pcap' in COMMANDS:
            rows = re.findall(r'(?m)^\| `pcap --([a-z-]+)` \| (\d+(?: MiB)?) \|',
                              read_docs('captures.md'))
            defaults = dict(re.findall(r'--([a-z-]+)=\w+ .*\(default: (\d+(?: MiB)?)\)',
                                       self.get_help('pcap')))
            self.assertEqual(dict(rows), defaults)
        # What serve has as limits of the server stands in the table of those.
        rows = re.findall(r'(?m)^\| `serve --([a-z-]+)` \| (\d+)', read_docs('limits.md'))
        defaults = dict(re.findall(r'--([a-z-]+(?==SECONDS )|log-rate)=\w+ .*\(default: (\d+)\)',
                                   self.get_help('serve')))
        self.assertEqual(dict(rows), defaults)

    def test_version(self):
        status, out, err = harness.run_tool('--version')
        self.assertEqual((status, err), (0, ''))
        self.assertRegex(out, r'^imp-remote \d+\.\d+\.\d+\n$')

    def test_modules(self):
        status, out, err = harness.run_tool('modules')
        self.assertEqual((status, err), (0, ''))
        for name in ('pass', 'pattern', 'remote'):
            self.assertRegex(out, rf'(?m)^{name}: ')

    def test_module(self):
        status, out, err = harness.run_tool('modules', 'pattern')
        self.assertEqual((status, err), (0, ''))
        for key in ('rx', 'rxlen', 'string', 'rxdir', 'action', 'actdata'):
            self.assertRegex(out, rf'(?m)^  {key}=')


class Captures(unittest.TestCase):
    @unittest.skipIf('pcap' in COMMANDS, 'this build reads captures')
    def test_without(self):
        """A build without libpcap says so."""
        status, out, err = harness.run_tool('pcap', 'some.pcap')
        self.assertEqual((status, out), (1, ''))
        self.assertIn('built without libpcap', err)


class Errors(unittest.TestCase):
    def assert_fails(self, status, *args, says):
        """`says`: what must be in the one line, e.g. the option, the value, what would be right."""
        got, out, err = harness.run_tool(*args)
        self.assertEqual(got, status, f'{args}: {err}')
        self.assertEqual(out, '')
        self.assertEqual(err.count('\n'), 1, err)
        self.assertTrue(err.startswith('imp-remote: '), err)
        for text in says:
            self.assertIn(text, err)

    def test_command(self):
        status, out, err = harness.run_tool('--help')
        names = re.findall(r'(?m)^  ([a-z]+)(?:, [a-z]+)?  ', out.partition('Commands:')[2])
        self.assertLessEqual(set(COMMANDS), set(names))
        self.assert_fails(2, says=[': ' + ', '.join(names) + '\n'])
        self.assert_fails(2, 'srve', says=['"srve"', ', '.join(names)])
        self.assert_fails(2, 'serve\nx\x1b', says=['serve\\x0ax\\x1b'])

    def test_options(self):
        self.assert_fails(2, 'serve', '--shade', says=['--shade', '--help'])
        self.assert_fails(2, 'serve', says=['ADDRESS'])
        self.assert_fails(2, 'serve', '--max-connections=x', '@x', says=['--max-connections', 'x'])
        self.assert_fails(2, 'serve', '--max-connections=0', '@x', says=['--max-connections', '0'])
        self.assert_fails(2, 'serve', '--grace=-1', '@x', says=['--grace', '-1'])
        self.assert_fails(2, 'relay', '--grace=-1', says=['--grace', '-1'])
        self.assert_fails(2, 'serve', '--max-held=-1', '@x', says=['--max-held', '-1'])
        self.assert_fails(2, 'serve', '--max-held=4294967296', '@x',
                          says=['--max-held', '"4294967296"', '4294967295'])
        self.assert_fails(2, 'serve', '--grace=86401', '@x', says=['--grace', '86401', '86400'])
        self.assert_fails(2, 'ping', '-t', '0', '@x', says=['--timeout', '"0"', '86400'])
        self.assert_fails(2, 'serve', '--codec=xml', '@x', says=['--codec', 'xml', 'json', 'cbor'])
        self.assert_fails(2, 'ping', says=['ADDRESS'])
        self.assert_fails(2, 'ping', '--codec=xml', '@x', says=['--codec', 'xml', 'json', 'cbor'])
        self.assert_fails(2, 'modules', 'a', 'b', says=['"b"'])

    def test_bytes(self):
        """They may be given as --help writes them."""
        unit = 'of bytes or with KiB, MiB or GiB behind it'
        # With what is right, the next thing that is wrong is found.
        for value in ('5000', '0x2000', '64KiB', '64 KiB', '5MiB', '8589934591GiB'):
            self.assert_fails(2, 'relay', f'--max-log-size={value}', '--socks',
                              says=['a --listen ADDRESS must stand before it'])
        for value in ('x', '', 'KiB', '-1KiB', '0KiB', '5kB', '5MiBx', '5  MiB', '8589934592GiB',
                      '9223372036854775808', '0'):
            self.assert_fails(2, 'relay', f'--max-log-size={value}', '--socks',
                              says=[f'--max-log-size "{value}": a number from 1 to', unit])
        got, _, err = harness.run_tool('relay', '--log-rate=1KiB', '--socks')
        self.assertEqual(got, 2)
        self.assertIn('--log-rate "1KiB": a number from 0 to 1000000 is wanted\n', err)

    def test_relay_groups(self):
        self.assert_fails(2, 'relay', says=['--listen', '--connect'])
        self.assert_fails(2, 'relay', 'x', says=['"x"', '--listen'])
        self.assert_fails(2, 'relay', '--connect', '127.0.0.1:9', says=['127.0.0.1:9', '--listen'])
        self.assert_fails(2, 'relay', '--listen', '127.0.0.1:0', says=['127.0.0.1:0', '--connect'])
        self.assert_fails(2, 'relay', '--listen', '127.0.0.1:0', '--module', 'pass',
                          says=['"pass"', '--connect'])

    def test_bad_address(self):
        for address in ('nowhere', '127.0.0.1:x', '127.0.0.1:65536', '@', '[::1:80', '::1:80',
                        '/' + 200 * 'x', ''):
            self.assert_fails(2, 'serve', address, says=[f'"{address}"'])
            self.assert_fails(2, 'ping', address, says=[f'"{address}"'])
            self.assert_fails(2, 'relay', '--listen', address, '--connect', '@x',
                              says=['--listen', f'"{address}"'])
            self.assert_fails(2, 'relay', '--listen', '@x', '--connect', address,
                              says=['--connect', f'"{address}"'])
        self.assert_fails(2, 'ping', 'systemd', says=['systemd', 'listening'])

    def test_bad_module(self):
        self.assert_fails(2, 'serve', '--module', 'patern', '@x', says=['--module', '"patern"'])
        self.assert_fails(2, 'relay', '--listen', '@x', '--module', 'patern', '--connect', '@y',
                          says=['--module', '"patern"', 'pattern', './NAME.py'])
        self.assert_fails(2, 'modules', 'patern', says=['"patern"', 'pattern'])
        self.assert_fails(2, 'serve', '--module', './none.so', '@x', says=['./none.so'])
        self.assert_fails(2, 'serve', '--module', './none.py', '@x', says=['./none.py'])
        self.assert_fails(2, 'serve', '--module', './none.txt', '@x', says=['./none.txt', '.so'])
        # Of several, the one that is wrong is named.
        self.assert_fails(2, 'serve', '--module', 'pass', '--module', 'patern', '@x',
                          says=['--module "patern"'])
        self.assert_fails(2, 'relay', '--listen', '@x', '--module', 'pass', '--module', 'pass=x=1',
                          '--connect', '@y', says=['--module "pass=x=1"', 'no settings'])

    def test_module_without_query(self):
        folder = harness.make_folder()
        path = os.path.join(folder, 'broken.so')
        with open(path, 'w', encoding='ascii') as target:
            target.write('no shared object')
        self.assert_fails(1, 'serve', '--module', path, '@x', says=[path, 'cannot be loaded'])

    def test_bad_settings(self):
        def bad(settings, *says):
            self.assert_fails(2, 'serve', '--module', settings, '@x', says=['--module', *says])

        bad('pass=x=1', '"pass"', 'no settings')
        bad('pattern=shade=red&string=x&action=deny', 'shade=red', 'known are', 'actdata')
        bad('pattern=string=x&action=destroy', 'action=destroy', 'deny', 'reject', 'replace')
        bad('pattern=string', 'key=value')
        bad('pattern=string=%', 'hexadecimal')
        # all of them at once
        bad('pattern=rx=(&rxlen=0&rxdir=7&action=destroy', 'rxlen=0', 'rxdir=7', 'action=destroy')
        bad('remote=fail=maybe&addr=@x', 'fail=maybe', 'hard or soft')

    def test_address_in_use(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            address = '127.0.0.1:%d' % listener.getsockname()[1]
            self.assert_fails(1, 'serve', address, says=[address, 'in use'])
            self.assert_fails(1, 'relay', '--listen', address, '--connect', '@x',
                              says=['--listen', address, 'in use'])

    def test_socket_files(self):
        folder = harness.make_folder()
        path = os.path.join(folder, 'socket')
        with harness.Tool('serve', path):
            self.assert_fails(1, 'serve', path, says=[path, 'in use'])
        self.assertFalse(os.path.exists(path))

        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        with harness.Tool('serve', path) as server:
            self.assertEqual(harness.run_tool('ping', server.address)[0], 0)
        self.assertFalse(os.path.exists(path))

        with open(path, 'w', encoding='ascii') as precious:
            precious.write('precious')
        self.assert_fails(1, 'serve', path, says=[path, 'in use'])
        with open(path, encoding='ascii') as precious:
            self.assertEqual(precious.read(), 'precious')
        self.assert_fails(1, 'serve', os.path.join(folder, 'none', 'socket'), says=['none'])

    def test_nothing_listens(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        self.assert_fails(1, 'ping', f'127.0.0.1:{port}', says=[f'127.0.0.1:{port}', 'refused'])
        self.assert_fails(1, 'ping', '/nowhere/at/all', says=['/nowhere/at/all'])

    def test_silent_server(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            address = '127.0.0.1:%d' % listener.getsockname()[1]
            started = time.monotonic()
            self.assert_fails(1, 'ping', '--timeout=1', address, says=[address, '1 second'])
            self.assertLess(time.monotonic() - started, 10)

    def test_relay_to_nothing(self):
        """The relay itself lives on: the client's connection ends, and the log says why."""
        with socket.create_server(('127.0.0.1', 0)) as listener:
            target = '127.0.0.1:%d' % listener.getsockname()[1]
        with harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', target) as relay:
            for _ in range(2):
                self.assertEqual(harness.fetch_cut(relay.port, request=b''), b'')
            self.assertEqual(relay.stop(), 0)
        lines = [line for line in relay.log if target in line and 'refused' in line]
        self.assertEqual(len(lines), 2, relay.log)


class Ending(unittest.TestCase):
    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for args in (['serve', '127.0.0.1:0'],
                         ['relay', '--listen', '127.0.0.1:0', '--connect', '127.0.0.1:9']):
                with harness.Tool(*args) as tool:
                    tool.process.send_signal(number)
                    self.assertEqual(tool.wait(), 0)

    def test_connection_that_stays(self):
        """It has the time of --grace, and then the relay ends nevertheless."""
        with harness.Upstream(lambda connection: connection.recv(1)) as upstream, \
                harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--connect',
                             upstream.address) as relay, \
                socket.create_connection(('127.0.0.1', relay.port)) as client:
            client.settimeout(harness.TIMEOUT)
            started = time.monotonic()
            self.assertEqual(relay.stop(), 0)
            self.assertGreater(time.monotonic() - started, 0.5)
            self.assertEqual(harness.read_to_reset(client), b'')

    def test_idle(self):
        """A connection in which nothing moves is ended, and the log says so."""
        with harness.Upstream(lambda connection: connection.recv(1)) as upstream, \
                harness.Tool('relay', '--idle-timeout=1', '--listen', '127.0.0.1:0', '--connect',
                             upstream.address) as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('failed: ')

    def test_exposed(self):
        status, out, err = harness.run_tool('serve', '0.0.0.0:0')
        self.assertEqual((status, out, err.count('\n')), (2, '', 1))
        self.assertIn('(insecure)', err)
        with harness.Tool('serve', '--insecure', '0.0.0.0:0') as server:
            self.assertEqual(harness.run_tool('ping', f'127.0.0.1:{server.port}')[0], 0)

    def test_inherited(self):
        """A socket handed over by a service manager, or by number."""
        with socket.create_server(('127.0.0.1', 0)) as listener:
            address = '127.0.0.1:%d' % listener.getsockname()[1]
            number = listener.fileno()
            # A service manager puts them from 3 on, and says whom they are for.
            prepare = f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'
            for command, at in ((['sh', '-c', prepare, harness.TOOL], 'systemd'),
                                ([harness.TOOL], f'fd:{number}')):
                with harness.Tool('serve', at, command=command, pass_fds=[number]):
                    self.assertEqual(harness.run_tool('ping', address)[0], 0, at)
        status, _, err = harness.run_tool('serve', 'systemd')
        self.assertNotEqual(status, 0)
        self.assertIn('LISTEN_FDS', err)

    def test_max_connections(self):
        """A client that connects at max-connections waits, and is not refused."""
        def echo(connection):
            while data := connection.recv(100):
                connection.sendall(data)

        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--max-connections=2', '--listen', '127.0.0.1:0', '--connect',
                             upstream.address) as relay:
            clients = [harness.connect(relay.port) for _ in range(3)]
            for client in clients:
                client.sendall(b'x')
            self.assertEqual([client.recv(1) for client in clients[:2]], [b'x', b'x'])
            clients[2].settimeout(0.3)
            with self.assertRaises(TimeoutError):
                clients[2].recv(1)
            clients[0].close()
            clients[2].settimeout(harness.TIMEOUT)
            self.assertEqual(clients[2].recv(1), b'x')
            for client in clients[1:]:
                client.close()

    def test_several_listeners(self):
        folder = harness.make_folder()
        path = os.path.join(folder, 's')
        with harness.Tool('serve', '127.0.0.1:0', path, listeners=2) as server:
            self.assertEqual(server.addresses[1], path)
            for address in server.addresses:
                status, out, err = harness.run_tool('ping', address)
                self.assertEqual((status, err), (0, ''))
                self.assertIn('version: 2\n', out)
                self.assertIn('codec: cbor\n', out)
                self.assertIn('interface: ', out)
                self.assertRegex(out, r'round-trip time: \d+\.\d+ ms\n')


class Ping(unittest.TestCase):
    def ask(self, module, *options):
        path = os.path.join(harness.make_folder(), 's')
        with harness.Tool('serve', '--module', module, path):
            status, out, err = harness.run_tool('ping', '--json', *options, path)
        self.assertEqual((status, err, out.count('\n')), (0, '', 1))
        return json.loads(out)

    def test_json(self):
        answer = self.ask('pattern=string=x&action=replace&actdata=y')
        self.assertEqual(set(answer), {'version', 'codec', 'modules', 'interfaces',
                                       'round-trip-us', 'statistics'})
        self.assertEqual((answer['version'], answer['codec']), (2, 'cbor'))
        self.assertEqual(answer['interfaces'], [
            {'type': None, 'results': ['pass', 'replace', 'pause', 'continue', 'want']}])
        self.assertGreater(answer['round-trip-us'], 0)
        statistics = answer['statistics']
        self.assertEqual([statistics[key] for key in (
            'connections', 'analyzers', 'messages-in', 'messages-out')], [1, 0, 3, 3])
        self.assertGreater(statistics['bytes-in'], 0)

    def test_codec(self):
        answer = self.ask('pass', '--codec', 'json')
        self.assertEqual(answer['codec'], 'json')
        self.assertEqual(answer['interfaces'], [{'type': None, 'results': ['pass']}])

    def test_no_server(self):
        """Standard output stays empty: what is read there is an answer or nothing."""
        status, out, err = harness.run_tool('ping', '--json', '@imp-nobody')
        self.assertEqual((status, out, err.count('\n')), (1, '', 1))


if __name__ == '__main__':
    harness.main()
