#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a file of settings says, instead of the command line."""

import os
import re
import signal
import unittest

import tool_harness as harness

ECHO = harness.Upstream(harness.echo)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, text, name='imp.conf'):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def check(self, text, command='relay'):
        """The status, and the errors with the names of files alone."""
        status, out, err = harness.run_tool(command, '--config', self.write(text), '--check-config')
        self.assertEqual(out, '')
        return status, err.replace(f'{self.folder}/', '').replace('imp-remote: ', '').splitlines()

    def assert_errors(self, text, *expected, command='relay'):
        """Just these, each with its place and the beginning of what is said."""
        status, errors = self.check(text, command)
        self.assertEqual(status, 2, errors)
        self.assertEqual(len(errors), len(expected), errors)
        for error, begin in zip(errors, expected):
            self.assertEqual(error[:len(begin)], begin)


LISTENER = f'[listener one]\nlisten=127.0.0.1:0\nconnect={ECHO.address}\n'


class Relay(Files):
    def test_runs(self):
        path = self.write('[relay]\nverbose=true\nmax-connections=7\n'
                          f'{LISTENER}module=pattern=rx=foo&rxlen=3&action=replace&actdata=bar\n'
                          f'[listener two]\nlisten=127.0.0.1:0\nconnect={ECHO.address}\n'
                          'module=pattern=rx=a&rxlen=1&action=replace&actdata=b\n'
                          'module=pattern=rx=b&rxlen=1&action=replace&actdata=c\n')
        with harness.Tool('relay', '--config', path, listeners=2) as relay:
            for address, answer in zip(relay.addresses, (b'a bar', b'c foo')):
                with harness.connect(int(address.rpartition(':')[2])) as client:
                    client.sendall(b'a foo')
                    client.shutdown(harness.socket.SHUT_WR)
                    self.assertEqual(harness.read_all(client), answer)
            relay.wait_for_log('replace')

    def test_check_binds_nothing(self):
        with harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', ECHO.address) as relay:
            status, errors = self.check(f'[listener one]\nlisten={relay.address}\n'
                                        f'connect={ECHO.address}\n')
        self.assertEqual((status, errors), (0, []))

    def test_check_leaves_no_trace(self):
        record = os.path.join(self.folder, 'records')
        path = os.path.join(self.folder, 'socket')
        status, errors = self.check(f'[relay]\nrecord={record}\nsocket-mode=0660\n'
                                    f'[listener one]\nlisten={path}\nconnect={ECHO.address}\n')
        self.assertEqual((status, errors), (0, []))
        self.assertEqual(os.listdir(self.folder), ['imp.conf'])

    def test_check_runs_no_script(self):
        trace = os.path.join(self.folder, 'trace')
        script = self.write(f'open({trace!r}, "w")\n', 'script.py')
        self.assertEqual(self.check(f'{LISTENER}module={script}=a=b\n'), (0, []))
        self.assertFalse(os.path.exists(trace))
        self.assert_errors(f'{LISTENER}module={self.folder}/none.py\n',
                           'imp.conf:4: key "module": "none.py": There is no module file')

    def test_all_errors_at_once(self):
        self.assert_errors(
            '[relay]\n'
            'verbose=perhaps\n'
            'max-connections=0\n'
            'idle-timeout=1\n'
            'idle-timeout=2\n'
            'listen=127.0.0.1:0\n'
            'color=red\n'
            'allow-uid=nobody-has-this-name\n'
            'config=other.conf\n'
            '[listener one]\n'
            'listen=127.0.0.1\n'
            'connect=127.0.0.1:1\n'
            'socks=true\n'
            'sni=perhaps\n'
            'max-connections=3\n'
            '[listener two]\n'
            '[listener three]\n'
            'listen=127.0.0.1:0\n'
            'connect=127.0.0.1:1\n'
            'module=pass\n'
            'module=pattern=rx=(\n'
            'module=patern\n',
            'imp.conf:2: key "verbose": "perhaps": "true" or "false" is wanted',
            'imp.conf:3: key "max-connections": "0": a number from 1 to 1000000 is wanted',
            'imp.conf:5: key "idle-timeout": it stands at imp.conf:4 already',
            'imp.conf:6: key "listen": it belongs in a section [listener NAME], not in [relay]',
            'imp.conf:7: key "color": there is no such key in [relay]',
            'imp.conf:8: key "allow-uid": ',
            'imp.conf:9: key "config": there is no such key in [relay]',
            'imp.conf:11: key "listen": "127.0.0.1": The address "127.0.0.1" is no address',
            'imp.conf:13: key "socks": there is "connect" at imp.conf:12 already',
            'imp.conf:14: key "sni": "perhaps": "true" or "false" is wanted',
            'imp.conf:15: key "max-connections": there is no such key of a listener',
            'imp.conf:16: [listener two]: there is no key "listen"',
            'imp.conf:16: [listener two]: one of the keys connect, socks, http-connect and',
            'imp.conf:21: key "module": "pattern=rx=(": The module "pattern" has wrong settings',
            'imp.conf:22: key "module": "patern": There is no module "patern"')

    def test_what_does_not_fit_together(self):
        self.assert_errors('[relay]\nsocket-mode=0660\n' + LISTENER + 'proxy-protocol=in\n'
                           '[listener two]\nlisten=127.0.0.1:0\nsocks=yes\ncanary=5\n',
                           'imp.conf:2: key "socket-mode": is for unix sockets',
                           'imp.conf:6: key "proxy-protocol": in: --proxy-from',
                           'imp.conf:10: key "canary": "5": a --shadow')
        self.assert_errors('[relay]\nsocket-mode=0660\n' + LISTENER,
                           'imp.conf:2: key "socket-mode": is for unix sockets')

    def test_sections(self):
        self.assert_errors(f'[serve]\n[listener]\n[relay x]\n{LISTENER}',
                           'imp.conf:1: [serve]: there is no such section',
                           'imp.conf:2: [listener]: it has a name',
                           'imp.conf:3: [relay x]: [relay] has no name')
        self.assert_errors('[relay]\n', 'imp.conf: there is no section [listener NAME]')

    def test_include(self):
        os.mkdir(os.path.join(self.folder, 'conf.d'))
        self.write(LISTENER, 'conf.d/one.conf')
        self.write('[listener two]\nlisten=wrong\nsocks=yes\n', 'conf.d/two.conf')
        self.assert_errors('[relay]\ninclude=conf.d/*.conf\nmax-connections=1\n',
                           'conf.d/two.conf:2: key "listen": "wrong"')
        self.assertEqual(self.check('[relay]\ninclude=conf.d/one.conf\nmax-connections=1\n'),
                         (0, []))

    def test_wrong_file_does_not_run(self):
        path = self.write('[relay]\ncolor=red\n' + LISTENER)
        status, out, err = harness.run_tool('relay', '--config', path)
        self.assertEqual((status, out), (2, ''))
        self.assertIn(f'{path}:2: key "color"', err)

    def test_address_in_use(self):
        with harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', ECHO.address) as relay:
            path = self.write(f'[listener one]\nlisten={relay.address}\nconnect={ECHO.address}\n')
            status, out, err = harness.run_tool('relay', '--config', path)
        self.assertEqual((status, out), (1, ''))
        self.assertIn(f'{path}:2: key "listen": "{relay.address}"', err)

    def test_nothing_beside_it(self):
        path = self.write(LISTENER)
        for more in (['-v'], ['--listen', '127.0.0.1:0'], ['word'], ['--max-connections=3']):
            with self.subTest(more):
                status, out, err = harness.run_tool('relay', *more, '--config', path)
                self.assertEqual((status, out), (2, ''))
                self.assertIn(f'"{more[0]}" cannot stand beside --config', err)
        status, out, err = harness.run_tool('relay', '--check-config')
        self.assertEqual((status, out), (2, ''))
        self.assertIn('--check-config is for --config FILE', err)

    def test_every_option_is_a_key(self):
        """No option can be forgotten: it is known in one of the sections."""
        _, out, _ = harness.run_tool('relay', '--help')
        options = set(re.findall(r'(?m)^  (?:-\w, )?--([a-z-]+)', out))
        options -= {'help', 'config', 'check-config', 'take-over'}
        self.assertGreater(len(options), 30)
        for name in sorted(options):
            with self.subTest(name):
                in_common = self.check(f'[relay]\n{name}=\n')[1]
                in_listener = self.check(f'[listener one]\n{name}=\n')[1]
                known = [errors for errors in (in_common, in_listener)
                         if not any('there is no such key' in error or 'it belongs in' in error
                                    for error in errors)]
                self.assertEqual(len(known), 1, in_common + in_listener)


class Serve(Files):
    def test_runs(self):
        for more in ('', 'workers=2\n'):
            with self.subTest(more):
                path = os.path.join(self.folder, 's' + more[:1])
                config = self.write('[serve]\n'
                                    'module=pattern=rx=a&rxlen=1&action=replace&actdata=b\n'
                                    f'listen={path}\nmax-analyzers=10\nreplace=yes\n{more}')
                with harness.Tool('serve', '--config', config) as server, \
                        harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                     f'remote=addr={path}', '--connect', ECHO.address) as relay:
                    self.assertEqual(server.address, path)
                    with harness.connect(relay.port) as client:
                        client.sendall(b'a')
                        self.assertEqual(client.recv(1), b'b')

    def test_all_errors_at_once(self):
        self.assert_errors('[serve]\nlisten=wrong\nmodule=patern\ncodec=morse\ncolor=red\n'
                           'grace=-1\nproxy-from=127.0.0.1\nlisten=127.0.0.1\n[relay]\n',
                           'imp.conf:2: key "listen": "wrong"',
                           'imp.conf:3: key "module": "patern": There is no module "patern"',
                           'imp.conf:4: key "codec": "morse": There is no codec "morse"',
                           'imp.conf:5: key "color": there is no such key in [serve]',
                           'imp.conf:6: key "grace": "-1": a number from 0',
                           'imp.conf:7: key "proxy-from": is for --proxy-protocol in',
                           'imp.conf:8: key "listen": "127.0.0.1"',
                           'imp.conf:9: [relay]: there is no such section', command='serve')
        self.assert_errors('[serve]\nlisten=wrong\nlisten=@a\nlisten=127.0.0.1\n',
                           'imp.conf:2: key "listen": "wrong"',
                           'imp.conf:4: key "listen": "127.0.0.1"', command='serve')
        self.assert_errors('[serve]\nlisten=127.0.0.1:0\ntls-cert=/none.pem\n',
                           'imp.conf:3: key "tls-cert": is set, but no address speaks TLS',
                           command='serve')
        self.assert_errors('[serve]\n', 'imp.conf: there is no key "listen"', command='serve')

    def test_check(self):
        path = os.path.join(self.folder, 's')
        self.assertEqual(self.check(f'[serve]\nlisten={path}\nlisten=127.0.0.1:0\n', 'serve'),
                         (0, []))
        self.assertFalse(os.path.exists(path))

    def test_reload(self):
        """Who may connect changes; what cannot change is named."""
        path = os.path.join(self.folder, 's')
        config = self.write(f'[serve]\nlisten={path}\n')
        with harness.Tool('serve', '--config', config) as server:
            self.assertEqual(harness.run_tool('ping', path)[0], 0)
            self.write(f'[serve]\nlisten={path}\nallow-uid={os.getuid() + 1}\nmodule=pattern\n')
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log('cannot be used: those before go on')
            self.assertEqual(harness.run_tool('ping', path)[0], 0)
            self.write(f'[serve]\nlisten={path}\nallow-uid={os.getuid() + 1}\n'
                       'module=pattern=rx=a&rxlen=1\n')
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log('are those of new connections now')
            self.assertFalse(any('for the next start' in line for line in server.log))
            self.assertNotEqual(harness.run_tool('ping', path)[0], 0)
            self.write(f'[serve]\nlisten={path}\ncontrol={path}.c\n')
            server.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: harness.run_tool('ping', path)[0] == 0)
            server.wait_for_log('key "control" of [serve] has changed, which is for the next start')


class Example(Files):
    def test_relay(self):
        path = os.environ['IMP_TEST_RELAY_CONF']
        status, out, err = harness.run_tool('relay', '--config', path, '--check-config')
        self.assertEqual((status, out, err), (0, '', ''))


if __name__ == '__main__':
    harness.main()
