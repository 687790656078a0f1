#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures of real traffic: HTTP/1.1, TLS, SMTP and DNS between programs as they are, recorded on
loopback. What the tool writes is what they have said, but for what the modules change, and tshark
finds nothing wrong with it."""

import glob
import http.client
import http.server
import os
import smtplib
import socket
import ssl
import subprocess
import threading
import unittest

import aiosmtpd.controller
import aiosmtpd.handlers

import capture_files as captures
import tool_harness as harness

BODY = os.urandom(200_000)
PAGE = b'<p>The password is swordfish.</p>\n' * 50
MAIL = 'Subject: greetings\r\n\r\nThe password is swordfish.\r\n' + 'And so on.\r\n' * 500
SWAP = 'pattern=string=swordfish&action=replace&actdata=%s'


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        body = PAGE if self.path == '/page' else BODY
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class V6Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


class Servers:
    """Programs that listen on loopback, by the names of what they speak."""

    def __init__(self, folder):
        self.folder, self.ports, self.processes = folder, {}, []
        for name, kind, host in (('http', http.server.ThreadingHTTPServer, '127.0.0.1'),
                                 ('http6', V6Server, '::1')):
            server = kind((host, 0), Pages)
            self.ports[name] = server.server_address[1]
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.start_tls()
        self.start_smtp()
        self.start_dns()

    def run(self, *command, **more):
        process = subprocess.Popen(command, **{'stdout': subprocess.DEVNULL,
                                               'stderr': subprocess.DEVNULL, **more})
        self.processes.append(process)
        return process

    def start_tls(self):
        key, cert = (os.path.join(self.folder, name) for name in ('key.pem', 'cert.pem'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert,
                        '-days', '2', '-subj', '/CN=localhost'], check=True,
                       stderr=subprocess.DEVNULL)
        server = self.run('openssl', 's_server', '-accept', '127.0.0.1:0', '-cert', cert, '-key',
                          key, '-www', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        line = next(line for line in server.stdout if line.startswith(b'ACCEPT '))
        self.ports['tls'] = int(line.rpartition(b':')[2])

    def listens(self, name):
        try:
            socket.create_connection(('127.0.0.1', self.ports[name]), timeout=5).close()
        except OSError:
            return False
        return True

    def start_smtp(self):
        self.smtp = aiosmtpd.controller.Controller(aiosmtpd.handlers.Sink(), hostname='127.0.0.1',
                                                   port=harness.free_port(), server_hostname='test')
        self.ports['smtp'] = self.smtp.port
        self.smtp.start()

    def start_dns(self):
        """It cannot choose a port itself, and somebody else may take one first."""
        for _ in range(10):
            self.ports['dns'] = harness.free_port()
            server = self.run('/usr/sbin/dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null',
                              '--no-resolv', '--no-hosts', '--pid-file',
                              f'--port={self.ports["dns"]}', '--listen-address=127.0.0.1',
                              '--bind-interfaces', '--user=', '--cache-size=0',
                              '--address=/example.test/192.0.2.7',
                              '--txt-record=word.test,sailfish')
            harness.wait_until(
                lambda server=server: server.poll() is not None or self.listens('dns'),
                'dnsmasq does not listen')
            if server.poll() is None:
                return
        raise AssertionError('dnsmasq found no port')

    def stop(self):
        self.smtp.stop()
        for process in self.processes:
            process.terminate()
            process.wait(harness.TIMEOUT)
            if process.stdout is not None:
                process.stdout.close()


# What is said, to the ports where servers, or relays before them, listen.

def speak_http(port, host='127.0.0.1'):
    connection = http.client.HTTPConnection(host, port, timeout=harness.TIMEOUT)
    for path, body in (('/page', PAGE), ('/body', BODY), ('/page', PAGE)):
        connection.request('GET', path)
        assert connection.getresponse().read() == body
    connection.close()


def speak_tls(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(('127.0.0.1', port), timeout=harness.TIMEOUT) as plain, \
            context.wrap_socket(plain, server_hostname='localhost') as secure:
        secure.sendall(b'GET / HTTP/1.0\r\n\r\n')
        answer = b''
        while part := secure.recv(65536):
            answer += part
    assert b'HTTP/1.0 200' in answer, answer


def speak_smtp(port):
    with smtplib.SMTP('127.0.0.1', port, timeout=harness.TIMEOUT) as client:
        client.sendmail('a@example.test', ['b@example.test'], MAIL)


def speak_dns(port):
    for more in ((), ('+tcp',)):
        for question in (('word.test', 'TXT'), ('host.example.test', 'A')):
            answer = subprocess.run(['dig', '@127.0.0.1', '-p', str(port), '+short', *more,
                                     *question], stdout=subprocess.PIPE, check=True,
                                    timeout=harness.TIMEOUT).stdout
            assert answer in (b'"sailfish"\n', b'192.0.2.7\n'), answer


def speak(ports):
    speak_http(ports['http'])
    speak_http(ports['http6'], '::1')
    speak_tls(ports['tls'])
    speak_smtp(ports['smtp'])
    speak_dns(ports['dns'])


class Loopback(unittest.TestCase):
    """As root, or with CAP_NET_RAW, in one capture of all. Others have a relay write what goes
    through it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = harness.make_folder()
        cls.servers = Servers(cls.folder)
        if captures.can_capture():
            cls.path, cls.has_udp = cls.capture(), True
        else:
            print('hint: no right to capture (CAP_NET_RAW): relays record instead, and DNS over '
                  'UDP is not tested')
            cls.path, cls.has_udp = cls.record(), False
        cls.before = captures.Dissected(cls.path)
        cls.kinds = {port: name for name, port in cls.servers.ports.items()}

    @classmethod
    def tearDownClass(cls):
        cls.servers.stop()

    @classmethod
    def capture(cls):
        """Without a reset, which openssl s_server sends now and then to whom it has served."""
        for _ in range(10):
            with captures.Loopback(cls.folder, *cls.servers.ports.values()) as capture:
                speak(cls.servers.ports)
            flags = captures.Dissected(capture.path).values('tcp.flags')
            if not any(int(text or '0', 0) & captures.RST for text in flags):
                return capture.path
        raise AssertionError('there were resets in each of ten captures')

    @classmethod
    def record(cls):
        """The module session-log writes a file for each connection."""
        names = ('http', 'tls', 'smtp')
        args = []
        for name in names:
            args += ['--listen', '127.0.0.1:0', '--module',
                     f'session-log=dir={cls.folder}&format=pcap', '--connect',
                     f'127.0.0.1:{cls.servers.ports[name]}']
        with harness.Tool('relay', *args, listeners=len(names)) as relay:
            ports = [int(address.rpartition(':')[2]) for address in relay.addresses]
            for port, function in zip(ports, (speak_http, speak_tls, speak_smtp)):
                function(port)
        path = os.path.join(cls.folder, 'recorded.pcap')
        subprocess.run(['mergecap', '-F', 'nsecpcap', '-w', path,
                        *glob.glob(os.path.join(cls.folder, '*-*.pcap'))], check=True)
        return path

    def setUp(self):
        self.out = os.path.join(self.folder, 'out.pcap')

    def inspect(self, *args):
        """The report, with the connections by what they speak."""
        report, err = captures.inspect(self.path, '--write', self.out, *args)
        self.assertEqual(err, '')
        spoken = {}
        for connection in report['connections']:
            port = int(connection['server_address'].rpartition(':')[2])
            if port in self.kinds:
                spoken.setdefault(self.kinds[port] + ('-udp' if connection['protocol'] == 'udp'
                                                      else ''), []).append(connection)
        return report, spoken

    def streams(self, packets):
        numbers = {packet['tcp.stream'] for packet in packets.packets} - {''}
        return {number: packets.follow(number) for number in numbers}

    def datagrams(self, packets):
        return [bytes.fromhex(data) for data in packets.values('udp.payload') if data]

    def test_passed(self):
        """Nothing is changed: each side has said the same, in packets with nothing wrong."""
        report, spoken = self.inspect()
        after = captures.Dissected(self.out)
        self.assertEqual(after.complaints(), [])
        self.assertEqual(self.streams(after), self.streams(self.before))
        for connection in report['connections']:
            self.assertIn(connection['outcome'],
                          ('closed',) if connection['protocol'] == 'tcp' else ('open',))
            # A busy machine sends something again; that is noted.
            self.assertLessEqual({entry['kind'] for entry in connection['entries']},
                                 {'passed', 'note'})
        bodies = 2 * len(PAGE) + len(BODY)
        self.assertGreater(spoken['http'][0]['server']['passed'], bodies)
        self.assertEqual(report['summary']['packets_malformed'], 0)
        if not self.has_udp:
            return
        self.assertGreater(spoken['http6'][0]['server']['passed'], bodies)
        self.assertEqual(len(spoken['dns-udp']), 2)
        self.assertEqual(len([c for c in spoken['dns'] if c['client']['bytes'] > 0]), 2)
        self.assertEqual(self.datagrams(after), self.datagrams(self.before))

    def test_replaced(self):
        """A word becomes a longer one, in each direction and protocol that shows it; in DNS, which
        says how long it is, one of the same length."""
        _, spoken = self.inspect('--module', SWAP % 'Xiphias%20gladius', '--module',
                                 'pattern=string=sailfish&action=replace&actdata=goldfish')
        after = captures.Dissected(self.out)
        self.assertEqual(after.complaints(), [])

        def change(data):
            return data.replace(b'swordfish', b'Xiphias gladius').replace(b'sailfish', b'goldfish')
        self.assertEqual(self.streams(after), {number: [change(side) for side in said] for
                                               number, said in self.streams(self.before).items()})
        self.assertEqual(self.datagrams(after), [*map(change, self.datagrams(self.before))])
        http_replaced = [e for e in spoken['http'][0]['entries'] if e['kind'] == 'replaced']
        self.assertEqual(len(http_replaced), 100)
        offset = self.before.follow()[1].find(b'swordfish')
        self.assertEqual({'offset': offset, 'length': 9, 'new_length': 15},
                         {key: http_replaced[0][key] for key in ('offset', 'length', 'new_length')})
        self.assertEqual(spoken['smtp'][0]['client']['replaced'], 9)

    def test_denied(self):
        """Mail and pages with the word are refused; TLS shows it to nobody."""
        report, spoken = self.inspect('--module', 'pattern=string=swordfish&action=deny')
        after = captures.Dissected(self.out)
        self.assertEqual(after.complaints(resets=True), [])
        self.assertEqual({c['outcome'] for c in spoken['tls']}, {'closed'})
        self.assertEqual({c['outcome'] for c in spoken['http'] + spoken['smtp']}, {'denied'})
        refused = sum(c['outcome'] == 'denied' and c['protocol'] == 'tcp'
                      for c in report['connections'])
        self.assertEqual(sum(int(flags, 0) & captures.RST != 0
                             for flags in after.values('tcp.flags') if flags), 2 * refused)
        for said in self.streams(after).values():
            self.assertNotIn(b'swordfish', said[0] + said[1])

    def test_pinned(self):
        """A module that knows what a protocol begins with."""
        _, spoken = self.inspect('--module',
                                 'protocol-pinning=dir0=1&rx0=220[^\\n]{1,200}\\n&rxlen0=210'
                                 '&dir1=0&rx1=(EHLO|ehlo)&rxlen1=4')
        self.assertEqual({c['outcome'] for c in spoken['smtp']}, {'closed'})
        self.assertEqual({c['outcome'] for c in spoken['http'] + spoken['tls']}, {'denied'})


class Doubled(unittest.TestCase):
    @unittest.skipUnless(captures.can_capture(), 'no right to capture (CAP_NET_RAW)')
    def test_any(self):
        """All interfaces at once see each packet on loopback twice, with another link layer."""
        folder = harness.make_folder()
        out = os.path.join(folder, 'out.pcap')
        with harness.Upstream(harness.echo) as upstream:
            with captures.Loopback(folder, upstream.port, interface='any') as capture:
                with harness.connect(upstream.port) as client:
                    client.sendall(b'a swordfish' * 1000)
                    client.shutdown(socket.SHUT_WR)
                    harness.read_all(client)
        report, _ = captures.inspect(capture.path, '--write', out, '--module', SWAP % 'carp')
        connection, = [c for c in report['connections'] if c['protocol'] == 'tcp']
        self.assertEqual((connection['outcome'], connection['server']['bytes']), ('closed', 11000))
        self.assertEqual({entry['kind'] for entry in connection['entries']
                          if entry['kind'] != 'note'}, {'passed', 'replaced'})
        after = captures.Dissected(out)
        self.assertEqual(after.complaints(), [])
        self.assertEqual(after.follow(), [b'a carp' * 1000] * 2)


if __name__ == '__main__':
    unittest.main()
