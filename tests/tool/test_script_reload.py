#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scripts that change while they are used, and scripts that several processes run."""

import os
import signal
import threading
import time
import unittest

import tool_harness as harness
from tool_harness import children, echo, is_alive, wait_until

# Answers what the client says by a word and its process.
REPLY_PY = """
import os
from gi.repository import Imp

class Reply(Imp.Analyzer):
    def __init__(self):
        super().__init__()
        self.position = 0
        self.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET)

    def do_data(self, direction, data, offset, data_type):
        if direction == Imp.Direction.FROM_CLIENT and data.get_size() > 0:
            self.position += data.get_size()
            self.replace_bytes(direction, self.position, f'{} {{os.getpid()}}\\n'.encode())
"""
REPLY_JS = """
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

export const Reply = GObject.registerClass(class Reply extends Imp.Analyzer {{
    constructor() {{
        super();
        this.position = 0;
        this.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET);
    }}

    vfunc_data(direction, data) {{
        if (direction === Imp.Direction.FROM_CLIENT && data.get_size() > 0) {{
            this.position += data.get_size();
            this.replace_bytes(direction, this.position, '{} 0\\n');
        }}
    }}
}});
"""


class Client:
    """A connection that is asked again and again."""

    def __init__(self, port):
        self.socket = harness.connect(port)
        self.socket.settimeout(harness.TIMEOUT)
        self.reader = self.socket.makefile('rb')

    def ask(self):
        """The word and the process that it gets; ValueError if it was ended."""
        try:
            self.socket.sendall(b'x')
            word, pid = self.reader.readline().decode().split()
        except OSError as error:
            raise ValueError('ended') from error
        return word, int(pid)

    def close(self):
        self.reader.close()
        self.socket.close()


def ask(port):
    client = Client(port)
    try:
        return client.ask()
    finally:
        client.close()


class Scripts(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        return path

    def relay(self, module, upstream, *options):
        return harness.Tool('relay', '--grace=1', *options, '--listen', '127.0.0.1:0', '--module',
                            module, '--connect', upstream.address)

    def wait_for_word(self, port, word):
        wait_until(lambda: ask(port)[0] == word)


class Traffic:
    """Connections all the time, of which none may fail."""

    def __init__(self, port):
        self.port = port
        self.words = []
        self.failures = []
        self.stopping = False
        self.threads = [threading.Thread(target=self._run) for _ in range(3)]

    def _run(self):
        while not self.stopping:
            try:
                self.words.append(ask(self.port)[0])
            except (OSError, ValueError) as error:
                self.failures.append(repr(error))
                self.stopping = len(self.failures) > 10

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stopping = True
        for thread in self.threads:
            thread.join()


class Reload(Scripts):
    def save(self, path, text, how):
        """As editors do it."""
        if how == 'rename':
            os.replace(self.write('.new', text), path)
        elif how == 'backup':
            os.rename(path, path + '~')
            time.sleep(.05)
            self.write(os.path.basename(path), text)
        else:
            with open(path, 'w', encoding='utf-8') as target:
                target.write(text[:len(text) // 2])
                target.flush()
                time.sleep(.05)
                target.write(text[len(text) // 2:])

    def test_under_traffic(self):
        """What is saved is what the next connection meets, and no connection fails meanwhile."""
        for kind, text in (('py', REPLY_PY), ('js', REPLY_JS)):
            path = self.write(f'reply.{kind}', text.format('zero'))
            with self.subTest(kind), harness.Upstream(echo) as upstream, \
                    self.relay(path, upstream, '--reload') as relay, Traffic(relay.port) as traffic:
                self.wait_for_word(relay.port, 'zero')
                for word, how in (('one', 'rename'), ('two', 'backup'), ('three', 'pieces'),
                                  ('four', 'rename')):
                    self.save(path, text.format(word), how)
                    self.wait_for_word(relay.port, word)
                    # From then on nobody meets the one before.
                    n = len(traffic.words)
                    wait_until(lambda: len(traffic.words) > n + 20)
                    self.assertEqual(set(traffic.words[n + 3:]), {word})
            self.assertEqual(traffic.failures, [])
            self.assertEqual(set(traffic.words), {'zero', 'one', 'two', 'three', 'four'})

    def test_old(self):
        """Who was there stays with the process before, which ends with the last of them."""
        path = self.write('reply.py', REPLY_PY.format('old'))
        with harness.Upstream(echo) as upstream, self.relay(path, upstream, '--reload') as relay:
            clients = [Client(relay.port) for _ in range(2)]
            host = children(relay.process)
            wanted = ('old', clients[0].ask()[1])
            self.save(path, REPLY_PY.format('new'), 'rename')
            self.wait_for_word(relay.port, 'new')
            relay.wait_for_log('has changed: a new process serves it, and ')
            for _ in range(3):
                self.assertEqual([client.ask() for client in clients], [wanted] * 2)
            clients[0].close()
            time.sleep(.5)
            self.assertEqual(clients[1].ask(), wanted)
            clients[1].close()
            wait_until(lambda: not is_alive(host[0]))
            self.assertEqual(ask(relay.port)[0], 'new')
            self.assertFalse([line for line in relay.log if 'is started again' in line])

    def test_broken(self):
        """A file that cannot be loaded changes nothing, and the log says so."""
        path = self.write('reply.py', REPLY_PY.format('good'))
        with harness.Upstream(echo) as upstream, \
                self.relay(path + '=start-timeout=3000', upstream, '--reload') as relay, \
                Traffic(relay.port) as traffic:
            for text, said in (('x = = 1\n', 'SyntaxError'), ('', 'exactly one class'),
                               ('import os\nos._exit(7)\n', 'ended with exit status 7'),
                               ('import time\ntime.sleep(99)\n', 'was not ready after 3000 ms')):
                self.save(path, text, 'rename')
                relay.wait_for_log(said)
                wait_until(lambda: len([line for line in relay.log if 'has changed, but cannot be '
                                        'used now: it' in line]) > 0)
                relay.log.clear()
                self.assertEqual(ask(relay.port)[0], 'good')
            self.save(path, REPLY_PY.format('better'), 'pieces')
            self.wait_for_word(relay.port, 'better')
        self.assertEqual(traffic.failures, [])

    def test_again_and_again(self):
        """What is saved last counts, however fast; a file that is gone is waited for."""
        path = self.write('reply.py', REPLY_PY.format('start'))
        with harness.Upstream(echo) as upstream, self.relay(path, upstream, '--reload') as relay, \
                Traffic(relay.port) as traffic:
            for number in range(30):
                self.save(path, REPLY_PY.format(f'word{number}'), 'rename')
                time.sleep(.02)
            self.wait_for_word(relay.port, 'word29')
            os.unlink(path)
            time.sleep(.5)
            self.assertEqual(ask(relay.port)[0], 'word29')
            self.write('reply.py', REPLY_PY.format('back'))
            self.wait_for_word(relay.port, 'back')
        self.assertEqual(traffic.failures, [])

    def test_limits(self):
        """Neither the number nor the age of older processes is without one."""
        path = self.write('reply.py', REPLY_PY.format('zero'))
        with harness.Upstream(echo) as upstream, \
                self.relay(path + '=reload=true&max-old=1&old-timeout=0', upstream) as relay:
            clients = []
            for word in ('one', 'two'):
                clients.append(Client(relay.port))
                clients[-1].ask()
                self.save(path, REPLY_PY.format(word), 'rename')
                self.wait_for_word(relay.port, word)
            relay.wait_for_log('is ended with 1 connections: there are too many (max-old)')
            self.assertRaises(ValueError, clients[0].ask)
            self.assertEqual(clients[1].ask()[0], 'one')
        with harness.Upstream(echo) as upstream, \
                self.relay(path + '=reload=true&old-timeout=700', upstream) as relay:
            client = Client(relay.port)
            self.assertEqual(client.ask()[0], 'two')
            self.save(path, REPLY_PY.format('three'), 'rename')
            self.wait_for_word(relay.port, 'three')
            relay.wait_for_log('its time (old-timeout) is over')
            self.assertRaises(ValueError, client.ask)
            wait_until(lambda: len(children(relay.process)) == 1)

    def test_links(self):
        """A link that leads elsewhere, and a change of what it leads to."""
        first = self.write('first.py', REPLY_PY.format('first'))
        second = self.write('second.py', REPLY_PY.format('second'))
        link = os.path.join(self.folder, 'link.py')
        os.symlink(first, link)
        with harness.Upstream(echo) as upstream, self.relay(link, upstream, '--reload') as relay:
            self.save(first, REPLY_PY.format('changed'), 'pieces')
            self.wait_for_word(relay.port, 'changed')
            os.symlink(second, link + '.new')
            os.replace(link + '.new', link)
            self.wait_for_word(relay.port, 'second')
            self.save(second, REPLY_PY.format('third'), 'rename')
            self.wait_for_word(relay.port, 'third')

    def test_killed_meanwhile(self):
        """The process before ends while the next one is being loaded: that one takes over."""
        path = self.write('reply.py', REPLY_PY.format('before'))
        with harness.Upstream(echo) as upstream, self.relay(path, upstream, '--reload') as relay:
            host, = children(relay.process)
            self.save(path, 'import time\ntime.sleep(1)\n' + REPLY_PY.format('after'), 'rename')
            wait_until(lambda: len(children(relay.process)) == 2)
            os.kill(host, signal.SIGKILL)
            relay.wait_for_log('a new process serves it')
            self.assertEqual(ask(relay.port)[0], 'after')
            wait_until(lambda: len(children(relay.process)) == 1)

    def test_off(self):
        """Without being asked for, nothing is reloaded."""
        path = self.write('reply.py', REPLY_PY.format('one'))
        with harness.Upstream(echo) as upstream, \
                self.relay(path + '=reload=false', upstream, '--reload') as relay:
            self.save(path, REPLY_PY.format('two'), 'rename')
            time.sleep(1.5)
            self.assertEqual(ask(relay.port)[0], 'one')


# In sandboxes, all of them would say that they are the same process.
BARE = 'sandbox=off'


class Workers(Scripts):
    def test_spread(self):
        """Connections go where fewest are, and short ones to one after the other."""
        path = self.write('reply.py', REPLY_PY.format('x'))
        with harness.Upstream(echo) as upstream, \
                self.relay(f'{path}={BARE}', upstream, '--workers=3') as relay:
            self.assertEqual(len(children(relay.process)), 3)
            self.assertEqual(len({ask(relay.port)[1] for _ in range(9)}), 3)
            wait_until(lambda: len({ask(relay.port)[1] for _ in range(3)}) == 3)
            clients = [Client(relay.port) for _ in range(30)]
            pids = [client.ask()[1] for client in clients]
            counts = sorted(pids.count(pid) for pid in set(pids))
            self.assertEqual(sum(counts), 30)
            self.assertGreaterEqual(counts[0], 9)

    def test_killed(self):
        """Each is supervised by itself: one that ends takes its own connections with it."""
        path = self.write('reply.py', REPLY_PY.format('x'))
        with harness.Upstream(echo) as upstream, \
                self.relay(f'{path}=workers=3&{BARE}', upstream) as relay:
            clients = [Client(relay.port) for _ in range(12)]
            hosts = [client.ask()[1] for client in clients]
            victim = children(relay.process)[0]
            os.kill(victim, signal.SIGKILL)
            relay.wait_for_log('was killed by signal 9 (Killed); it is started again')
            lost = 0
            for client, host in zip(clients, hosts):
                try:
                    self.assertEqual(client.ask()[1], host)
                except ValueError:
                    lost += 1
            self.assertEqual(lost, 4)
            wait_until(lambda: len(children(relay.process)) == 3)
            for _ in range(20):
                self.assertEqual(ask(relay.port)[0], 'x')

    def test_reload(self):
        path = self.write('reply.py', REPLY_PY.format('one'))
        with harness.Upstream(echo) as upstream, \
                self.relay(path, upstream, '--workers=2', '--reload') as relay, \
                Traffic(relay.port) as traffic:
            self.write('reply.py', REPLY_PY.format('two'))
            wait_until(lambda: {ask(relay.port)[0] for _ in range(6)} == {'two'})
            wait_until(lambda: len(children(relay.process)) == 2)
        self.assertEqual(traffic.failures, [])

    def test_errors(self):
        path = self.write('reply.py', REPLY_PY.format('one'))
        for command in (['serve', '@x'], ['relay', '--listen', '@x', '--connect', '@y']):
            for module, number in ((path, '0'), ('pass', '0'), ('pass', '-1'), ('pass', '257'),
                                   ('pass', 'x')):
                status, _, err = harness.run_tool(command[0], '--module', module,
                                                  f'--workers={number}', *command[1:])
                self.assertEqual(status, 2)
                self.assertIn(f'--workers "{number}": a number from 1 to 256 is wanted', err)
            status, _, err = harness.run_tool(command[0], '--module', f'{path}=workers=0',
                                              *command[1:])
            self.assertEqual(status, 2)
            self.assertIn('workers must be a whole number from 1 to 256', err)


class Neighbors(Scripts):
    def test_kill(self):
        """The end of one script is felt by its connections alone, in the middle of traffic."""
        path = self.write('reply.py', REPLY_PY.format('py'))
        other = self.write('reply.js', REPLY_JS.format('js'))
        payload = os.urandom(4 << 20)
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', other,
                             '--connect', upstream.address, '--listen', '127.0.0.1:0', '--module',
                             'pattern=string=never&action=deny', '--connect', upstream.address,
                             '--listen', '127.0.0.1:0', '--module', path, '--connect',
                             upstream.address, listeners=3) as relay:
            ports = [int(address.rpartition(':')[2]) for address in relay.addresses]
            host = children(relay.process)[-1]
            neighbor, victims = Client(ports[0]), [Client(ports[2]) for _ in range(8)]
            for client in [neighbor, *victims]:
                client.ask()
            with harness.connect(ports[1]) as bulk, bulk.makefile('rb') as reader, \
                    Traffic(ports[0]) as traffic:
                sender = threading.Thread(target=bulk.sendall, args=(payload * 4,))
                sender.start()
                received = reader.read(len(payload))
                os.kill(host, signal.SIGKILL)
                received += reader.read(len(payload) * 3)
                sender.join()
                for client in victims:
                    self.assertRaises(ValueError, client.ask)
                wait_until(lambda: ask(ports[2])[0] == 'py')
            self.assertTrue(received == payload * 4)
            self.assertEqual(neighbor.ask()[0], 'js')
            self.assertEqual(traffic.failures, [])


if __name__ == '__main__':
    harness.main()
