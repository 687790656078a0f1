#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples irc-shout in C, Python and JavaScript: people talk at a real IRC server (ngircd)."""

import os
import re
import socket
import time
import unittest

from traffic import Daemon, example, free_port
from tool_harness import TIMEOUT, Tool, make_folder, run_tool

CONFIGURATION = '''
[Global]
    Name = irc.example.org
    Info = for a test
    AdminInfo1 = nobody
    AdminInfo2 = nowhere
    AdminEMail = nobody@example.org
    Listen = 127.0.0.1
    Ports = %d
    MotdPhrase = hello
[Limits]
    MaxConnectionsIP = 0
[Options]
    DNS = no
    Ident = no
    PAM = no
'''


class Person:
    """A client that has said who it is."""

    def __init__(self, port, nick):
        self.connection = socket.create_connection(('127.0.0.1', port), timeout=TIMEOUT)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.connection.makefile('rb')
        self.say(b'NICK %s\r\nUSER %s 0 * :a person\r\n' % (nick, nick))
        self.hear(b'001')

    def say(self, *pieces):
        """Each piece in a packet of its own."""
        for number, piece in enumerate(pieces):
            if number > 0:
                time.sleep(0.01)
            self.connection.sendall(piece)

    def hear(self, *commands):
        """The next line with one of these commands, without who has said it."""
        for line in self.lines:
            words = line.split(b' ', 2)
            if words[1] in commands:
                return b' '.join(words[1:])
            if words[0] == b'PING':
                self.say(b'PONG ' + words[1])
        raise AssertionError('the server has ended')

    def leave(self):
        self.lines.close()
        self.connection.close()


class Irc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = make_folder()
        path = os.path.join(folder, 'ngircd.conf')
        port = free_port()
        with open(path, 'w', encoding='utf-8') as file:
            file.write(CONFIGURATION % port)
        cls.server = Daemon(port, '/usr/sbin/ngircd', '--nodaemon', '--config', path, folder=folder)
        cls.addClassCleanup(cls.server.stop)

    def expect(self, *heard):
        for line in heard:
            self.assertEqual(self.bob.hear(b'PRIVMSG', b'NOTICE', b'TOPIC'), line + b'\r\n')

    def talk(self, say):
        say(b'PRIVMSG #Room :Is anybody here? gr\xc3\xbc\xc3\x9f euch\r\n')
        self.expect(b'PRIVMSG #Room :IS ANYBODY HERE? GR\xc3\xbc\xc3\x9f EUCH')
        # In one packet, and what is no text stays what it is.
        say(b'PRIVMSG bob :one\r\nNOTICE bob :two\r\nprivmsg bob three\r\n'
            b'TOPIC #Room :quiet, please\r\nPRIVMSG bob :\1ACTION waves\1\r\n')
        self.expect(b'PRIVMSG bob :ONE', b'NOTICE bob :two', b'PRIVMSG bob :THREE',
                    b'TOPIC #Room :quiet, please', b'PRIVMSG bob :\1ACTION waves\1')
        # In many.
        say(b'PRIVMSG bob :its end is cut\r', b'\nPRIVMSG bo', b'b :more\r\n:alice PRIVM',
            b'SG #Room :with a prefix', b'\r\n')
        self.expect(b'PRIVMSG bob :ITS END IS CUT', b'PRIVMSG bob :MORE',
                    b'PRIVMSG #Room :WITH A PREFIX')
        line = b'PRIVMSG #Room,bob :byte by byte\n'
        say(*(line[at:at + 1] for at in range(len(line))))
        self.expect(b'PRIVMSG #Room :BYTE BY BYTE', b'PRIVMSG bob :BYTE BY BYTE')

    def check(self, module):
        with Tool('relay', '--listen', '127.0.0.1:0', '--module', example(module), '--connect',
                  f'127.0.0.1:{self.server.port}') as relay:
            self.bob = Person(self.server.port, b'bob')
            alice = Person(relay.port, b'alice')
            for person in (self.bob, alice):
                person.say(b'JOIN #Room\r\n')
                person.hear(b'366')
            self.talk(alice.say)
            self.bob.say(b'PRIVMSG alice :hush\r\n')
            self.assertEqual(alice.hear(b'PRIVMSG'), b'PRIVMSG alice :hush\r\n')
            # What has no end is no line to the server either, but the connection ends as it would.
            alice.say(b'PRIVMSG bob :never said')
            alice.leave()
            self.assertTrue(re.match(b'QUIT :', self.bob.hear(b'QUIT', b'PRIVMSG')))
            self.bob.leave()

    def test_c(self):
        self.check('irc-shout.so')

    def test_c_proof(self):
        path = os.path.join(make_folder(), 'said')
        for said in (b'PRIVMSG a :b\r\nc', b'NICK joe\r\nPRIVMSG #a :hello\r\n@a=b :c privmsg d e'
                     b'\n\nPRIVMSG a :\1x\nPRIVMSG x :no end'):
            with open(path, 'wb') as file:
                file.write(said)
            status, out, err = run_tool('prove', '--random-trials=100000', example('irc-shout.so'),
                                        path, timeout=150)
            self.assertEqual((status, err), (0, ''))
            self.assertTrue(re.match('proved .*: 1[0-9]{5} trials', out), out)

    @unittest.skipUnless('IMP_TEST_SCRIPTS' in os.environ, 'this build has no bindings')
    def test_python(self):
        self.check('irc-shout.py')

    @unittest.skipUnless('IMP_TEST_SCRIPTS' in os.environ, 'this build has no bindings')
    def test_js(self):
        self.check('irc-shout.js')


if __name__ == '__main__':
    unittest.main(verbosity=2)
