# SPDX-License-Identifier: LGPL-2.1-or-later
"""What clients of a proxy, and proxies before the relay, say: byte by byte, for the tests of the
tool that look at single answers."""

import socket
import struct

import tool_harness as harness


def socks5_address(host):
    """An address of the type that fits: IPv4, IPv6 or a name."""
    for family, kind in ((socket.AF_INET, 1), (socket.AF_INET6, 4)):
        try:
            return bytes([kind]) + socket.inet_pton(family, host)
        except OSError:
            pass
    return bytes([3, len(host)]) + host.encode()


def receive(connection, size):
    got = b''
    while len(got) < size and (piece := connection.recv(size - len(got))):
        got += piece
    return got


def socks5(port, host, to_port, command=1):
    """Connects, and asks: (connection, code); the code is None where there is no answer."""
    connection = harness.connect(port)
    connection.sendall(b'\x05\x01\x00')
    if receive(connection, 2) != b'\x05\x00':
        raise AssertionError('SOCKS 5 is not spoken')
    connection.sendall(bytes([5, command, 0]) + socks5_address(host) + struct.pack('>H', to_port))
    answer = receive(connection, 4)
    if len(answer) < 4:
        return connection, None
    receive(connection, {1: 6, 4: 18}[answer[3]])
    return connection, answer[1]


def socks5_code(port, host, to_port, command=1):
    """The code alone; of a refusal, after which the connection must end regularly."""
    connection, code = socks5(port, host, to_port, command)
    with connection:
        if code != 0 and harness.read_all(connection) != b'':
            raise AssertionError('something follows the refusal')
        return code


def socks4_code(port, host, to_port, command=1):
    """By 4a where it is a name."""
    try:
        address, name = socket.inet_pton(socket.AF_INET, host), b''
    except OSError:
        address, name = b'\x00\x00\x00\x01', host.encode() + b'\0'
    with harness.connect(port) as connection:
        connection.sendall(bytes([4, command]) + struct.pack('>H', to_port) + address + b'me\0'
                           + name)
        answer = receive(connection, 8)
        return answer[1] if len(answer) == 8 else None


def http_connect(port, target, head=''):
    """Asks, and gives what comes until the end, or the connection once it is established."""
    connection = harness.connect(port)
    connection.sendall(f'CONNECT {target} HTTP/1.1\r\n{head}\r\n'.encode())
    answer = b''
    while not answer.endswith(b'\r\n\r\n') and (piece := connection.recv(1)):
        answer += piece
    return connection, int(answer.split(b' ')[1]) if answer else None


def http_code(port, target):
    connection, code = http_connect(port, target)
    connection.close()
    return code
