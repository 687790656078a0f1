#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Connections that netfilter redirects, by REDIRECT and by TPROXY, in IPv4 and IPv6; names with
addresses that do not answer; and networks that are not there. All of it in a name space of its own,
which takes root."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import proxy_clients as clients
import tool_harness as harness

INSIDE = 'IMP_TEST_IN_NAMESPACE'
GATEKEEPER = os.path.join(os.environ['IMP_TEST_MODULES'], 'gatekeeper.so')
SKIPPED = 77

# What only clients come from is redirected, so that the relay's own connections are not.
FAMILIES = {
    socket.AF_INET: {'tables': '/usr/sbin/iptables', 'client': '10.9.9.9', 'server': '10.9.9.7',
                     'local': '127.0.0.1', 'bits': 32, 'ip': ['-4']},
    socket.AF_INET6: {'tables': '/usr/sbin/ip6tables', 'client': 'fd09::9', 'server': 'fd09::7',
                      'local': '::1', 'bits': 128, 'ip': ['-6']},
}
# At which clouds keep secrets for their machines.
SECRETS = '169.254.169.254'


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def set_up():
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'address', 'add', f'{SECRETS}/32', 'dev', 'lo')
    for names in FAMILIES.values():
        for end in ('client', 'server'):
            run('ip', 'address', 'add', f'{names[end]}/{names["bits"]}', 'dev', 'lo')
        run('ip', *names['ip'], 'rule', 'add', 'fwmark', '1', 'lookup', '100')
        run('ip', *names['ip'], 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '100')


def show(host, port):
    return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'


class Server:
    """Echoes at an address of its own."""

    def __init__(self, family, host):
        self.seen = 0
        self.listener = socket.socket(family)
        self.listener.bind((host, 0))
        self.listener.listen()
        self.host, self.port = self.listener.getsockname()[:2]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.seen += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            harness.echo(connection)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@contextlib.contextmanager
def rules(family, *specs):
    """Rules of netfilter: [table, chain, ...], as long as this lasts."""
    tables = FAMILIES[family]['tables']
    added = []
    try:
        for table, chain, *rest in specs:
            run(tables, '-t', table, '-A', chain, *rest)
            added.append((table, chain, rest))
        yield
    finally:
        for table, chain, rest in added:
            run(tables, '-t', table, '-D', chain, *rest)


def redirect(family, relay, server):
    names = FAMILIES[family]
    return rules(family, ['nat', 'OUTPUT', '-p', 'tcp', '-s', names['client'], '-d', server.host,
                          '-j', 'REDIRECT', '--to-ports', str(relay.port)])


def tproxy(family, relay, server):
    names = FAMILIES[family]
    return rules(family,
                 ['mangle', 'OUTPUT', '-p', 'tcp', '-s', names['client'], '-d', server.host, '-j',
                  'MARK', '--set-mark', '1'],
                 ['mangle', 'PREROUTING', '-p', 'tcp', '-m', 'mark', '--mark', '1', '-j', 'TPROXY',
                  '--on-ip', names['local'], '--on-port', str(relay.port), '--tproxy-mark', '1'])


def connect_from(family, host, port, source=None):
    client = socket.socket(family)
    client.settimeout(harness.TIMEOUT)
    client.bind((source or FAMILIES[family]['client'], 0))
    client.connect((host, port))
    return client


def transparent(family, *options):
    return harness.Tool('relay', '--listen', show(FAMILIES[family]['local'], 0), *options,
                        '--module', GATEKEEPER, '--transparent')


class Redirected(unittest.TestCase):
    def check(self, family, way):
        names = FAMILIES[family]
        with Server(family, names['server']) as server, transparent(family) as relay, \
                way(family, relay, server), \
                connect_from(family, server.host, server.port) as client:
            client.sendall(b'hello')
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.read_all(client), b'hello')
            cport = client.getsockname()[1]
            relay.wait_for_log(
                f'{show(names["client"], cport)} -> {show(server.host, server.port)}: log: known: '
                f'caddr={names["client"]} cport={cport} saddr={server.host} sport={server.port}')

    def test_redirect(self):
        for family in FAMILIES:
            self.check(family, redirect)

    def test_tproxy(self):
        for family in FAMILIES:
            self.check(family, tproxy)

    def test_proxy_header(self):
        """Which tells the server for whom it is, and for whom it was."""
        with Server(socket.AF_INET, '10.9.9.7') as server, \
                transparent(socket.AF_INET, '--proxy-protocol', 'out-v1') as relay, \
                redirect(socket.AF_INET, relay, server), \
                connect_from(socket.AF_INET, server.host, server.port) as client:
            client.shutdown(socket.SHUT_WR)
            cport = client.getsockname()[1]
            self.assertEqual(harness.read_all(client), f'PROXY TCP4 10.9.9.9 10.9.9.7 {cport} '
                             f'{server.port}\r\n'.encode())

    def test_limited(self):
        """Rules hold here too, if there are any."""
        with Server(socket.AF_INET, '10.9.9.7') as server, \
                transparent(socket.AF_INET, '--allow-to', '192.0.2.0/24') as relay, \
                redirect(socket.AF_INET, relay, server), \
                connect_from(socket.AF_INET, server.host, server.port) as client:
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('is not among --allow-to')
            self.assertEqual(server.seen, 0)

    def test_secrets(self):
        """Who is redirected has no more claim to what is for this machine alone."""
        for options in ((), ('--allow-to', '*')):
            with Server(socket.AF_INET, SECRETS) as server, \
                    transparent(socket.AF_INET, *options) as relay, \
                    redirect(socket.AF_INET, relay, server), \
                    connect_from(socket.AF_INET, server.host, server.port) as client:
                self.assertEqual(harness.read_to_reset(client), b'', options)
                relay.wait_for_log('which no --allow-to names by itself')
                self.assertEqual(server.seen, 0, options)
        with Server(socket.AF_INET, SECRETS) as server, \
                transparent(socket.AF_INET, '--allow-to', '*', '--allow-to', SECRETS) as relay, \
                redirect(socket.AF_INET, relay, server), \
                connect_from(socket.AF_INET, server.host, server.port) as client:
            client.sendall(b'hello')
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.read_all(client), b'hello')

    def test_asked_first(self):
        with Server(socket.AF_INET, '10.9.9.7') as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--ask-first', '--module',
                             f'{GATEKEEPER}=deny=saddr:10.9.9.7', '--transparent') as relay, \
                redirect(socket.AF_INET, relay, server), \
                connect_from(socket.AF_INET, server.host, server.port) as client:
            self.assertEqual(harness.read_all(client), b'')
            self.assertEqual(server.seen, 0)


class Own(unittest.TestCase):
    """This machine's addresses, at which no firewall is in the way of what it does itself."""

    def check(self, family, rule, code):
        with Server(family, FAMILIES[family]['server']) as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--allow-to',
                             rule.replace('PORT', str(server.port)), '--socks') as relay:
            self.assertEqual(clients.socks5_code(relay.port, server.host, server.port), code, rule)
            if code != 0:
                self.assertEqual(server.seen, 0, rule)
                relay.wait_for_log('is an address of this machine')

    def test_wide_rules(self):
        for family, rule in ((socket.AF_INET, '*'), (socket.AF_INET, '10.9.9.0/24'),
                             (socket.AF_INET, '*:PORT'), (socket.AF_INET6, '*'),
                             (socket.AF_INET6, 'fd09::/64')):
            self.check(family, rule, 2)

    def test_named(self):
        for family, rule in ((socket.AF_INET, '10.9.9.7'), (socket.AF_INET, '10.9.9.7:PORT'),
                             (socket.AF_INET6, 'fd09::7'), (socket.AF_INET6, '[fd09::7]:PORT')):
            self.check(family, rule, 0)

    def test_binding_says_nothing(self):
        """Where addresses of other machines can be bound to, they are not this one's."""
        setting = '/proc/sys/net/ipv4/ip_nonlocal_bind'
        if not os.access(setting, os.W_OK):
            self.skipTest(f'{setting} cannot be written')
        self.set(setting, '1')
        self.addCleanup(self.set, setting, '0')
        with harness.Tool('relay', '--listen', '127.0.0.1:0', '--allow-to', '*',
                          '--socks') as relay:
            self.assertEqual(clients.socks5_code(relay.port, '192.0.2.1', 80), 3)

    def set(self, path, value):
        with open(path, 'w', encoding='ascii') as file:
            file.write(value)


class Circles(unittest.TestCase):
    def test_direct(self):
        """Nobody has redirected that."""
        for family, names in FAMILIES.items():
            with transparent(family) as relay, \
                    connect_from(family, names['local'], relay.port, names['local']) as client:
                self.assertEqual(harness.read_to_reset(client), b'')
                relay.wait_for_log('is a --listen of this relay itself')

    def test_direct_at_all_addresses(self):
        with harness.Tool('relay', '--listen', '0.0.0.0:0', '--transparent') as relay, \
                connect_from(socket.AF_INET, '10.9.9.7', relay.port) as client:
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('is a --listen of this relay itself')

    def test_redirected_to_itself(self):
        """What it sends to the server comes back to it: that ends soon."""
        with Server(socket.AF_INET, '10.9.9.7') as server, transparent(socket.AF_INET) as relay, \
                rules(socket.AF_INET, ['nat', 'OUTPUT', '-p', 'tcp', '-d', server.host, '-j',
                                       'REDIRECT', '--to-ports', str(relay.port)]), \
                connect_from(socket.AF_INET, server.host, server.port) as client:
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('is this relay itself')
            self.assertEqual(server.seen, 0)
            self.assertLess(sum('known:' in line for line in relay.log), 5)

    def test_both_families_at_one_socket(self):
        """A socket of IPv6 has its clients of IPv4 look otherwise."""
        with Server(socket.AF_INET, '10.9.9.7') as server, \
                harness.Tool('relay', '--listen', '[::]:0', '--module', GATEKEEPER,
                             '--transparent') as relay:
            with redirect(socket.AF_INET, relay, server), \
                    connect_from(socket.AF_INET, server.host, server.port) as client:
                client.sendall(b'hello')
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client), b'hello')
            with connect_from(socket.AF_INET, '10.9.9.7', relay.port) as client:
                self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('is a --listen of this relay itself')
            with rules(socket.AF_INET, ['nat', 'OUTPUT', '-p', 'tcp', '-d', server.host, '-j',
                                        'REDIRECT', '--to-ports', str(relay.port)]), \
                    connect_from(socket.AF_INET, server.host, server.port) as client:
                self.assertEqual(harness.read_to_reset(client), b'')
                relay.wait_for_log('is this relay itself')
                self.assertEqual(server.seen, 1)

    def test_unix(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('relay', '--listen', path, '--transparent') as relay, \
                socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            self.assertEqual(harness.read_all(client), b'')
            relay.wait_for_log('At a unix socket no client has been redirected')

    def test_without_rights(self):
        """REDIRECT takes none, and TPROXY does, which is said."""
        with harness.Tool('relay', '--listen', '127.0.0.1:0', '--transparent',
                          command=('setpriv', '--bounding-set=-net_admin,-net_raw',
                                   '--inh-caps=-net_admin,-net_raw', '--', harness.TOOL)) as relay:
            relay.wait_for_log('none of TPROXY')


class Networks(unittest.TestCase):
    @contextlib.contextmanager
    def two_addresses(self, port):
        """A relay to a name whose first address does not answer."""
        hosts = os.path.join(harness.make_folder(), 'hosts')
        with open(hosts, 'w', encoding='ascii') as file:
            file.write('127.0.0.1 localhost\nfd09::7 two.test\n10.9.9.7 two.test\n')
        run('mount', '--bind', hosts, '/etc/hosts')
        try:
            with rules(socket.AF_INET6, ['filter', 'INPUT', '-d', 'fd09::7', '-j', 'DROP']), \
                    harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect',
                                 f'two.test:{port}') as relay:
                with self.assertRaises(TimeoutError):
                    socket.create_connection(('fd09::7', port), timeout=0.2)
                yield relay
        finally:
            run('umount', '/etc/hosts')

    def test_happy_eyeballs(self):
        """The next address is tried soon; and what the client says and ends meanwhile is kept."""
        with Server(socket.AF_INET, '10.9.9.7') as server, \
                self.two_addresses(server.port) as relay:
            begun = time.monotonic()
            with harness.connect(relay.port) as client:
                client.sendall(b'hello')
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client), b'hello')
            # One at a time would take as long as --connect-timeout.
            self.assertLess(time.monotonic() - begun, 5)

    def test_reset_while_connecting(self):
        with socket.create_server(('10.9.9.7', 0)) as listener, \
                self.two_addresses(listener.getsockname()[1]) as relay:
            client = harness.connect(relay.port)
            client.sendall(b'early')
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            client.close()
            listener.settimeout(harness.TIMEOUT)
            server, _ = listener.accept()
            with server:
                server.settimeout(harness.TIMEOUT)
                self.assertIn(harness.read_to_reset(server), (b'', b'early'))

    def test_no_way(self):
        with harness.Tool('relay', '--listen', '127.0.0.1:0', '--socks', '--listen', '127.0.0.1:0',
                          '--http-connect', listeners=2) as relay:
            socks, connect = (int(one.rpartition(':')[2]) for one in relay.addresses)
            self.assertEqual(clients.socks5_code(socks, '192.0.2.1', 80), 3)
            self.assertEqual(clients.socks5_code(socks, '2001:db8::1', 80), 3)
            self.assertEqual(clients.http_code(connect, '192.0.2.1:80'), 502)


def skip(why):
    print(f'SKIP: transparent relays are not tested: {why}', file=sys.stderr)
    sys.exit(SKIPPED)


def enter():
    """Starts this program again, in name spaces of its own."""
    probe = subprocess.run(['unshare', '-n', '-m', 'true'], stderr=subprocess.PIPE, text=True,
                           check=False)
    if probe.returncode != 0:
        skip(probe.stderr.strip())
    os.environ[INSIDE] = '1'
    os.execvp('unshare', ['unshare', '-n', '-m', sys.executable, *sys.argv])


def check_netfilter():
    for names in FAMILIES.values():
        for table in ('nat', 'mangle'):
            probe = subprocess.run([names['tables'], '-t', table, '-L', '-n'],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   check=False)
            if probe.returncode != 0:
                skip(probe.stderr.strip())


if __name__ == '__main__':
    if INSIDE not in os.environ:
        enter()
    check_netfilter()
    set_up()
    unittest.main(verbosity=2)
