# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS with objects of GIO, from Python."""

import os
import shutil
import subprocess
import tempfile

import tap
from tap import Gio, GLib, Imp, contains, equal

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lib',
                      'certificates.sh')
folder = tempfile.mkdtemp(prefix='imp-test-')
subprocess.run(['sh', SCRIPT, folder], check=True)


def path(name):
    return os.path.join(folder, name)


def certificate(name):
    return Gio.TlsCertificate.new_from_files(path(f'{name}.pem'), path(f'{name}.key'))


def new_server():
    factory = Imp.TypeFactory.new(Imp.PassAnalyzer, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.ALL)
    return Imp.Server.new(factory)


def connect(client):
    """None, or the error."""
    found = []

    def on_connected(source, result):
        try:
            source.connect_finish(result)
            found.append(None)
        except GLib.Error as error:
            found.append(error)

    client.connect_async(None, on_connected)
    while not found:
        GLib.MainContext.default().iteration(True)
    return found[0]


def test_objects():
    server = new_server()
    server.props.tls_certificate = certificate('server')
    server.props.tls_client_database = Gio.TlsFileDatabase.new(path('ca.pem'))
    server.listen('tls://127.0.0.1:0')
    address = server.list_addresses()[0]
    contains(address, 'tls://127.0.0.1:')

    streams = []
    server.connect('connected', lambda source, stream: streams.append(stream))
    client = Imp.RemoteFactory.new(address)
    client.props.reconnect = False
    client.props.tls_database = Gio.TlsFileDatabase.new(path('ca.pem'))
    client.props.tls_certificate = certificate('client')
    equal(connect(client), None)
    equal(streams[0].get_peer_certificate().get_subject_name(), 'CN=client')

    # Another one from now on.
    server.props.tls_certificate = certificate('wrong')
    other = Imp.RemoteFactory.new(address)
    other.props.reconnect = False
    other.props.tls_database = client.props.tls_database
    other.props.tls_certificate = certificate('client')
    error = connect(other)
    equal(error.matches(Gio.TlsError.quark(), Gio.TlsError.BAD_CERTIFICATE), True)
    contains(error.message, 'it is for other.example')
    equal(client.get_state(), Imp.RemoteState.READY)
    other.close()
    client.close()
    server.close()


def test_names():
    """Who may use the server can be a matter of what the certificate says."""
    server = new_server()
    server.props.tls_certificate = certificate('server')
    server.props.tls_client_database = Gio.TlsFileDatabase.new(path('ca.pem'))
    server.set_authorize_func(lambda _server, peer: peer.get_common_name() == 'client'
                              and peer.get_dns_names() == ['client.example'])
    server.listen('tls://127.0.0.1:0')
    for name, text in ('client', None), ('revoked', 'does not allow loopback to use it'):
        client = Imp.RemoteFactory.new(server.list_addresses()[0])
        client.props.reconnect = False
        client.props.tls_database = Gio.TlsFileDatabase.new(path('ca.pem'))
        client.props.tls_certificate = certificate(name)
        error = connect(client)
        equal(error is None, text is None)
        contains(str(error), text or 'None')
        client.close()
    server.close()


def test_files():
    server = new_server()
    server.props.tls_cert = path('server.pem')
    server.props.tls_key = path('server.key')
    server.listen('tls://127.0.0.1:0')
    equal(server.props.tls_certificate.get_subject_name(), 'CN=server')
    address = server.list_addresses()[0]
    client = Imp.module_new_factory(f'remote=addr={address}&tls_ca={path("ca.pem")}')
    equal(client.props.tls_ca, path('ca.pem'))
    contains(client.get_settings(), 'tls-ca=')
    equal(connect(client), None)
    client.close()
    server.close()


def test_errors():
    tap.fails(Imp.Error.SETTINGS, new_server().listen, 'tls://127.0.0.1:0')
    message = tap.fails(Imp.Error.SETTINGS, Imp.module_new_factory,
                        'remote=addr=127.0.0.1:1&tls_name=foo')
    contains(message, 'tls-name is set, but the address "127.0.0.1:1" does not begin with')


if __name__ == '__main__':
    try:
        tap.run(globals())
    finally:
        shutil.rmtree(folder)
