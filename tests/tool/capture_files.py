# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests about captures share: making them, on loopback or byte by byte, and reading them."""

import json
import os
import socket
import struct
import subprocess
import time

import tool_harness as harness

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET = 1
# What tshark says of a packet.
FIELDS = ('frame.number', 'frame.time_epoch', 'frame.protocols', 'tcp.stream', 'tcp.srcport',
          'tcp.flags', 'tcp.seq', 'tcp.len', 'tcp.payload', 'tcp.window_size_value', 'udp.stream',
          'udp.srcport', 'udp.payload', 'tcp.analysis.flags', '_ws.malformed',
          'tcp.checksum.status', 'ip.checksum.status', 'udp.checksum.status',
          '_ws.expert.severity', '_ws.expert.message')
WARNING = 0x600000


class Packets:
    """A capture; `packets` are fields of each, named as tshark does."""

    def values(self, field):
        return [packet[field] for packet in self.packets]

    def follow(self, number=0, protocol='tcp'):
        """What each side has said, who has begun first. Of what was sent twice, which a capture
        may have where the machine is busy, it is said once."""
        packets = [packet for packet in self.packets
                   if packet[protocol + '.stream'] == str(number)]
        first = packets[0][protocol + '.srcport']
        said, ends = [b'', b''], [0, 0]
        for packet in sorted(packets, key=lambda packet: int(packet.get('tcp.seq') or 0)):
            side = packet[protocol + '.srcport'] != first
            data = bytes.fromhex(packet[protocol + '.payload'])
            if data and 'tcp.seq' in packet and protocol == 'tcp':
                begin = int(packet['tcp.seq'])
                data = data[max(ends[side] - begin, 0):]
                ends[side] = max(ends[side], begin + len(bytes.fromhex(packet['tcp.payload'])))
            said[side] += data
        return said


class Dissected(Packets):
    """A capture as tshark sees it."""

    def __init__(self, path, *args):
        options = [word for name in ('tcp.check_checksum:TRUE', 'ip.check_checksum:TRUE',
                                     'udp.check_checksum:TRUE') for word in ('-o', name)]
        fields = [word for name in FIELDS for word in ('-e', name)]
        out = subprocess.run(['tshark', '-n', '-2', '-r', path, *options, *args, '-T', 'fields',
                              *fields], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=True, timeout=harness.TIMEOUT).stdout.decode(errors='replace')
        self.packets = [dict(zip(FIELDS, line.split('\t'))) for line in out.splitlines()]

    def complaints(self, *, resets=False, gaps=False):
        """What is wrong: warnings, errors, checksums and what was sent out of turn. What is
        wanted is none."""
        found = []
        for packet in self.packets:
            severities = [int(text, 0) for text in packet['_ws.expert.severity'].split(',') if text]
            bad = (max(severities, default=0) >= WARNING or packet['_ws.malformed']
                   or packet['tcp.analysis.flags']
                   or any('0' in packet[layer + '.checksum.status'].split(',')
                          for layer in ('tcp', 'ip', 'udp')))
            expected = (resets and int(packet['tcp.flags'] or '0', 0) & RST
                        or gaps and 'segment(s) not captured' in packet['_ws.expert.message'])
            if bad and not expected:
                found.append(packet)
        return found


def internet_sum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


class Plain(Packets):
    """The same for Ethernet without tshark, which takes its time to start: few fields, and one
    connection after the other."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            content = file.read()
        unit = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[struct.unpack_from('<I', content)[0]]
        assert struct.unpack_from('<I', content, 20) == (ETHERNET,)
        self.packets, self.wrong, self.next, self.ports = [], [], {}, []
        position = 24
        while position < len(content):
            seconds, parts, recorded, _ = struct.unpack_from('<IIII', content, position)
            position += 16
            self.read_ip(content[position + 14:position + recorded], f'{seconds}.{parts * unit:09}')
            position += recorded

    def read_ip(self, ip, at):
        if ip[0] >> 4 == 6:
            protocol, addresses, rest = ip[6], ip[8:40], ip[40:]
            self.expect(len(rest) == struct.unpack_from('>H', ip, 4)[0], 'length of IPv6')
        else:
            protocol, addresses, rest = ip[9], ip[12:20], ip[20:]
            self.expect(len(ip) == struct.unpack_from('>H', ip, 2)[0], 'length of IPv4')
            self.expect(internet_sum(ip[:20]) == 0xffff, 'checksum of IPv4')
        self.expect(internet_sum(addresses + struct.pack('>HH', protocol, len(rest)) + rest)
                    == 0xffff, 'checksum')
        packet = {'frame.time_epoch': at, 'tcp.stream': '', 'udp.stream': ''}
        source, destination = struct.unpack_from('>HH', rest)
        if protocol == 6:
            packet.update(self.read_tcp(rest, source, destination))
        else:
            packet.update({'udp.stream': '0', 'udp.srcport': str(source),
                           'udp.payload': rest[8:].hex()})
        self.packets.append(packet)

    def read_tcp(self, tcp, source, destination):
        sequence, ack, size, flags = struct.unpack_from('>IIBB', tcp, 4)
        data = tcp[size // 16 * 4:]
        if flags & SYN and not flags & ACK:
            self.next = {}
            self.ports.append((source, destination))
        self.expect(self.next.get(source, sequence) == sequence, 'sequence number')
        if flags & ACK and destination in self.next:
            self.expect((self.next[destination] - ack) % 2**32 < 2**31, 'acknowledgment')
        self.next[source] = (sequence + len(data) + (1 if flags & (SYN | FIN) else 0)) % 2**32
        return {'tcp.stream': str(max(len(self.ports) - 1, 0)), 'tcp.srcport': str(source),
                'tcp.flags': f'0x{flags:04x}', 'tcp.len': str(len(data)), 'tcp.payload': data.hex()}

    def expect(self, good, what):
        if not good:
            self.wrong.append((len(self.packets) + 1, what))

    def complaints(self, *, resets=False, gaps=False):
        found = [wrong for wrong in self.wrong if not gaps or wrong[1] != 'sequence number']
        return found + [packet for packet in self.packets if packet['tcp.stream'] and not resets
                        and int(packet['tcp.flags'], 0) & RST]


def inspect(path, *args, status=0):
    """The report of the tool, and what it says on standard error."""
    code, out, err = harness.run_tool('pcap', path, '--report=json', *args)
    assert code == status, (code, out, err)
    return json.loads(out), err


def entries(connection, kind):
    return [entry for entry in connection['entries'] if entry['kind'] == kind]


# On loopback.

def can_capture():
    """Whether this user may; it takes the capability CAP_NET_RAW."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return False
    return True


class Loopback:
    """Captures what goes through the loopback interface between certain ports, in a file `path`."""

    def __init__(self, folder, *ports, interface='lo', args=()):
        self.path = os.path.join(folder, 'loopback.pcap')
        self.marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.marker.bind(('127.0.0.1', 0))
        self.sign = os.urandom(16)
        ports += (self.marker.getsockname()[1],)
        user = ['-Z', 'root'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            ['tcpdump', '-i', interface, *user, *args, '-B', '65536', '--immediate-mode', '-U',
             '-w', self.path, ' or '.join(f'port {port}' for port in ports)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        said = b''
        while b'listening on' not in said:
            line = self.process.stderr.readline()
            assert line, said
            said += line
        return self

    def __exit__(self, *error):
        """All that was sent before is there once the datagram is."""
        self.marker.sendto(self.sign, self.marker.getsockname())
        end = time.monotonic() + harness.TIMEOUT
        while error[0] is None:
            with open(self.path, 'rb') as file:
                if self.sign in file.read():
                    break
            assert time.monotonic() < end, 'the capture does not end'
            time.sleep(0.01)
        self.process.terminate()
        self.process.stderr.close()
        self.process.wait(harness.TIMEOUT)
        self.marker.close()


# Byte by byte.

class Pcap:
    """A file of packets that are made up; each is a microsecond after the one before."""

    def __init__(self, folder, name='made.pcap', link=ETHERNET, nanoseconds=False):
        self.path = os.path.join(folder, name)
        self.time = 1_700_000_000_000_000_123 if nanoseconds else 1_700_000_000_000_000_000
        self.unit = 1 if nanoseconds else 1000
        self.link = link
        self.packets = 0
        self.bytes = bytearray(struct.pack('<IHHiIII', 0xa1b23c4d if nanoseconds else 0xa1b2c3d4, 2,
                                           4, 0, 0, 262144, link))

    def add(self, packet, recorded=None):
        self.time += 1000
        cut = packet[:recorded]
        self.bytes += struct.pack('<IIII', self.time // 10**9, self.time % 10**9 // self.unit,
                                  len(cut), len(packet)) + cut
        self.packets += 1
        return self.packets

    def wait(self, seconds):
        self.time += int(seconds * 10**9)

    def save(self):
        with open(self.path, 'wb') as file:
            file.write(self.bytes)
        return self.path


CLIENT = {4: ('10.0.0.1', 40000), 6: ('2001:db8::1', 40000)}
SERVER = {4: ('10.0.0.2', 80), 6: ('2001:db8::2', 80)}


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)


def ip_packet(source, destination, protocol, rest, fragment=0, number=1):
    if ':' in source:
        return struct.pack('>IHBB', 6 << 28, len(rest), protocol, 64) + packed(source) \
            + packed(destination) + rest
    return struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(rest), number, fragment, 64, protocol, 0) \
        + packed(source) + packed(destination) + rest


def transport_checksum(source, destination, protocol, rest, kind):
    pseudo = packed(source) + packed(destination) + struct.pack('>HH', protocol, len(rest))
    if kind == 'partial':
        return struct.pack('>H', internet_sum(pseudo))
    right = 0xffff - internet_sum(pseudo + rest)
    return struct.pack('>H', right if kind == 'right' else right ^ 0x5a5a)


def ethernet(packet, tags=b''):
    kind = b'\x86\xdd' if packet[0] >> 4 == 6 else b'\x08\0'
    return b'\x02\0\0\0\0\1\x02\0\0\0\0\2' + tags + kind + packet


def udp_packet(source, destination, data, checksum='none'):
    udp = struct.pack('>HHHH', source[1], destination[1], 8 + len(data), 0) + data
    if checksum != 'none':
        udp = udp[:6] + transport_checksum(source[0], destination[0], 17, udp, checksum) + udp[8:]
    return ip_packet(source[0], destination[0], 17, udp)


class Tcp:
    """A TCP connection in such a file. Offsets count from the first byte of each side."""

    def __init__(self, pcap, version=4, client=None, server=None, first=(1000, 5000), link=ethernet,
                 options=b''):
        self.pcap, self.link = pcap, link
        self.ends = (client or CLIENT[version], server or SERVER[version])
        self.first = first
        self.sent = [0, 0]
        self.syn_options = options

    def add(self, side, flags, offset, data=b'', ack=None, options=b'', recorded=None,
            window=65535, checksum='right'):
        """One packet of one side (0 is the client); its checksum is `right`, `wrong`, or `partial`
        where a network card computes it later."""
        source, destination = self.ends[side], self.ends[1 - side]
        ack = self.sent[1 - side] if ack is None else ack
        ack = (self.first[1 - side] + ack) % 2**32 if flags & ACK else 0
        tcp = struct.pack('>HHIIBBHHH', source[1], destination[1],
                          (self.first[side] + offset) % 2**32, ack, (20 + len(options)) // 4 << 4,
                          flags, window, 0, 0) + options + data
        tcp = tcp[:16] + transport_checksum(source[0], destination[0], 6, tcp, checksum) + tcp[18:]
        packet = self.link(ip_packet(source[0], destination[0], 6, tcp))
        if recorded is not None:
            recorded += len(packet) - len(data)
        self.sent[side] = max(self.sent[side],
                              offset + len(data) + (1 if flags & FIN else 0))
        return self.pcap.add(packet, recorded)

    def open(self):
        self.add(0, SYN, -1, options=self.syn_options)
        self.add(1, SYN | ACK, -1, options=self.syn_options)
        self.add(0, ACK, 0)
        return self

    def say(self, side, data, **more):
        """The next bytes of a side, and their acknowledgment; the number of the packet."""
        number = self.add(side, PSH | ACK, self.sent[side], data, **more)
        self.add(1 - side, ACK, self.sent[1 - side])
        return number

    def close(self):
        self.add(0, FIN | ACK, self.sent[0])
        self.add(1, FIN | ACK, self.sent[1])
        self.add(0, ACK, self.sent[0])
