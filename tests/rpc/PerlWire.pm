# SPDX-License-Identifier: LGPL-2.1-or-later
# The remote protocol as a Perl program speaks it: the messages of one connection, in Storable or
# Sereal, with nothing but Perl's own modules.
package PerlWire;
use strict;
use warnings;
use IO::Socket::UNIX;
use Sereal::Decoder;
use Sereal::Encoder;
use Storable qw(nfreeze thaw);

use constant {
    GET_INTERFACE => 0x4001, SET_INTERFACE => 0x4002, NEW_ANALYZER => 0x4003,
    DELETE_ANALYZER => 0x4004, DATA => 0x4005, SET_VERSION => 0x4006,
    EXCEPTION => 0x4101, INTERFACE => 0x4102, RESULT => 0x4103,
    IMP_LOG => 1, IMP_ACCTFIELD => 4, IMP_PASS => 0x1001, IMP_PREPASS => 0x1003,
    IMP_REPLACE => 0x1011, IMP_DENY => 0x1100, IMP_FATAL => 0x1102,
    MAXOFFSET => -1, STREAM => -1,
};
use Exporter 'import';
our @EXPORT = qw(GET_INTERFACE SET_INTERFACE NEW_ANALYZER DELETE_ANALYZER DATA SET_VERSION EXCEPTION
    INTERFACE RESULT IMP_LOG IMP_ACCTFIELD IMP_PASS IMP_PREPASS IMP_REPLACE IMP_DENY IMP_FATAL
    MAXOFFSET STREAM);

sub new {
    my ($class, $form, $socket) = @_;
    binmode $socket;
    return bless {
        form => $form, socket => $socket, input => '',
        encoder => Sereal::Encoder->new,
        decoder => Sereal::Decoder->new({ incremental => 1 }),
    }, $class;
}

sub send {
    my ($self, $op, @arguments) = @_;
    my $bytes;
    if ($self->{form} eq 'storable') {
        my $image = nfreeze(\@arguments);
        $bytes = pack('SLa*', $op, length $image, $image);
    }
    else {
        $bytes = $self->{encoder}->encode([ $op, @arguments ]);
    }
    while (length $bytes) {
        my $n = syswrite($self->{socket}, $bytes) // die "write: $!\n";
        substr($bytes, 0, $n, '');
    }
}

# A message that is whole, taken out of the input; nothing if there is none yet.
sub take {
    my ($self) = @_;
    if ($self->{form} eq 'storable') {
        return if length $self->{input} < 6;
        my ($op, $length) = unpack 'SL', $self->{input};
        return if length($self->{input}) - 6 < $length;
        my $image = substr $self->{input}, 6, $length;
        substr $self->{input}, 0, 6 + $length, '';
        return [ $op, @{ thaw($image) } ];
    }
    return if $self->{input} eq '';
    return eval { $self->{decoder}->decode($self->{input}) };
}

# The next message, or nothing at the end of the connection.
sub receive {
    my ($self) = @_;
    while (1) {
        my $message = $self->take;
        return @$message if $message;
        my $n = sysread($self->{socket}, $self->{input}, 65536, length $self->{input});
        die "read: $!\n" if !defined $n;
        return if $n == 0;
    }
}

1;
