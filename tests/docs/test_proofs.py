#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples in Python do not see the borders of chunks."""

import glob
import importlib.util
import os
import re
import unittest

import gi

gi.require_version('Imp', '1')

from gi.repository import Imp  # noqa: E402  pylint: disable=wrong-import-position

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLIENT, SERVER = Imp.Direction.FROM_CLIENT, Imp.Direction.FROM_SERVER
TRIALS = 100000


def load(name):
    """The module in the file of an example, which need not have a name that Python can import."""
    path = os.path.join(TOP, 'docs', 'examples', name)
    spec = importlib.util.spec_from_file_location(name.replace('-', '_')[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Proofs(unittest.TestCase):
    def prove(self, analyzer, *said, keep_order=False, data_type=Imp.DATA_TYPE_STREAM):
        """@said: what the client and the server say, in turn."""
        factory = Imp.TypeFactory.new(analyzer, data_type, Imp.ResultFlags.ALL)
        prover = Imp.Prover.new(factory)
        prover.props.random_trials = TRIALS
        prover.props.keep_order = keep_order
        for number, data in enumerate(said):
            if data:
                prover.add_bytes(Imp.Direction(number % 2), data, data_type)
        prover.run()
        print(f'{analyzer.__name__}: {prover.get_n_trials()} trials, seed {prover.props.seed}',
              flush=True)
        self.assertGreaterEqual(prover.get_n_trials(), TRIALS)

    def test_all(self):
        """Whatever example is an analyzer is one that some test proves."""
        examples = os.path.join(TOP, 'docs', 'examples')
        tests = ''
        for path in glob.glob(os.path.join(TOP, 'tests', 'docs', 'test*')):
            with open(path, encoding='utf-8') as file:
                text = file.read()
            tests += text if re.search(r"Prover|'prove'|imp_prover", text) else ''
        found = 0
        # judge.py asks another program, and so is neither fast nor alone in what it says.
        for name in sorted(set(os.listdir(examples)) - {'judge.py'}):
            with open(os.path.join(examples, name), encoding='utf-8') as file:
                text = file.read()
            if re.search(r'Imp\.?(Analyzer|Framer|HttpAnalyzer|Rewriter)( {|\):|\)\n)', text):
                found += 1
                name = re.sub(r'(?<!censor)\.c$', '.so', name)
                self.assertTrue(re.search("[/'(]" + re.escape(name), tests), name)
        self.assertEqual(found, 14)

    def test_shout(self):
        # Short enough for all chunks that there can be; nothing depends on more bytes than one.
        self.prove(load('shout.py').Shout, b'hush', b'hello you')

    def test_redact(self):
        self.prove(load('redact.py').Redact, b'', b'a correct horse battery staple sk-or sk-'
                   b'abcdefghij0123456789 ghp_0')

    def test_dns(self):
        """Of packets there are no other borders, but an order, and times."""
        names = (b'\3own\7example', b'\3ADS\7example', b'\1x')
        queries = [b'\0\1\1\0\0\1\0\0\0\0\0\0' + name + b'\0\0\1\0\1' for name in names]

        class Answers(load('dns-answer.py').DnsAnswer):
            def __init__(self):
                super().__init__(answer='own.example', drop='ads.example')

        self.prove(Answers, queries[0], b'', queries[1], b'', queries[2], b'an answer',
                   data_type=Imp.DATA_TYPE_PACKET)

    def test_irc(self):
        shout = load('irc-shout.py').IrcShout
        self.prove(shout, b'PRIVMSG a :b\r\nc')
        self.prove(shout, b'NICK joe\r\nPRIVMSG #a :hello\r\n@a=b :c privmsg d e\n\nPRIVMSG a :'
                   b'\1x\nPRIVMSG x :no end', b'privmsg a :b\n')

    def test_http(self):
        get = b'GET / HTTP/1.1\r\n\r\n'
        self.prove(load('http-header.py').HttpHeader,
                   b'PUT / HTTP/1.0\nContent-Length: 2\n\nab' + get,
                   b'HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\n\n'
                   b'HTTP/1.1 200\nTransfer-Encoding: chunked\n\n2\n\n\n\n0\nA:b\n\n',
                   get, b'HTTP/1.1 200\n\nto the end', keep_order=True)

    def test_http_not_understood(self):
        self.prove(load('http-header.py').HttpHeader, b'GET / HTTP/1.1\n\nGET / HTTP/2.0\n\nab',
                   b'HTTP/1.1 200\nContent-Length: 0\n\nHTTP/1.1 200\n\n', keep_order=True)

    def test_http_shield(self):
        """A head that is changed, a body that is replaced, and answers among responses."""
        get = b'GET /%s HTTP/1.1\r\nHost: a\r\nRange: 1\r\n\r\n'
        post = b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab'
        ok = b'HTTP/1.1 200 OK\r\nContent-Type: text/a\r\n'
        self.prove(load('http-shield.py').HttpShield, b'\r\n' + get % b'1' + post + get % b'2',
                   ok + b'Transfer-Encoding: chunked\r\n\r\n3\r\na s\r\n6\r\necret \r\n0\r\n\r\n'
                   + ok + b'Content-Length: 6\r\n\r\nsecret', post + get % b'3',
                   b'HTTP/1.0 200 OK\r\nContent-Type: text/b\r\n\r\nno end of secrets',
                   keep_order=True)


if __name__ == '__main__':
    unittest.main(verbosity=2)
