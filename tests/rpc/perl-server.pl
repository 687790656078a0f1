#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# A server in Perl, with one analyzer:
#   perl-server.pl storable|sereal SOCKET
# From the client it passes all. From the server it replaces "Perl" by "PERL", of the same length,
# so that a response of HTTP keeps its own; a word that is cut by the end of a chunk is held until
# it is whole. A context whose "caddr" is "refused" is refused, "forbidden" from the client is
# denied, and "exception" from it is an exception.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Select;
use IO::Socket::UNIX;
use PerlWire;

my ($form, $path) = @ARGV;
my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 5) or die "cannot listen: $!\n";
$| = 1;
print "listening\n";
my (%wires, %analyzers);

sub from_client {
    my ($wire, $id, $analyzer, $bytes) = @_;
    my $end = $analyzer->{offset}[0] += length $bytes;
    return $wire->send(RESULT, $id, IMP_PASS, 0, MAXOFFSET) if $bytes eq '';
    return $wire->send(RESULT, $id, IMP_DENY, 0, 'forbidden word', word => 'forbidden')
        if $bytes =~ /forbidden/;
    return $wire->send(EXCEPTION, $id, 'an exception as ordered') if $bytes =~ /exception/;
    $wire->send(RESULT, $id, IMP_LOG, 0, 0, $end, 2, "caddr=$analyzer->{caddr}")
        if !$analyzer->{logged}++;
    $wire->send(RESULT, $id, IMP_PASS, 0, $end);
}

sub from_server {
    my ($wire, $id, $analyzer, $bytes) = @_;
    my $held = $analyzer->{held} . $bytes;
    my $keep = $bytes ne '' && $held =~ /(Per|Pe|P)\z/ ? length $1 : 0;
    my $done = substr $held, 0, length($held) - $keep;
    $analyzer->{held} = substr $held, length $done;
    $analyzer->{offset}[1] += length $done;
    if ($done =~ s/Perl/PERL/g) {
        $wire->send(RESULT, $id, IMP_REPLACE, 1, $analyzer->{offset}[1], $done);
    }
    elsif ($done ne '') {
        $wire->send(RESULT, $id, IMP_PASS, 1, $analyzer->{offset}[1]);
    }
    $wire->send(RESULT, $id, IMP_PASS, 1, MAXOFFSET) if $bytes eq '';
}

my %ops = (
    GET_INTERFACE, sub { $_[0]->send(INTERFACE, @_[ 1 .. $#_ ]) },
    SET_INTERFACE, sub { },
    NEW_ANALYZER, sub {
        my ($wire, $id, $context) = @_;
        my $caddr = $context->{meta}{caddr} // '';
        return $wire->send(RESULT, $id, IMP_FATAL, 'refused') if $caddr eq 'refused';
        $analyzers{$wire}{$id} = { offset => [ 0, 0 ], held => '', caddr => $caddr };
    },
    DELETE_ANALYZER, sub { delete $analyzers{ $_[0] }{ $_[1] } },
    DATA, sub {
        my ($wire, $id, $dir, $offset, $type, $bytes) = @_;
        my $analyzer = $analyzers{$wire}{$id} or return;
        my $from = $dir ? \&from_server : \&from_client;
        $from->($wire, $id, $analyzer, $bytes);
    },
);

# Whatever can be read now; false at the end of the connection.
sub serve {
    my ($wire) = @_;
    my $n = sysread($wire->{socket}, $wire->{input}, 65536, length $wire->{input});
    return if !$n;
    while (my $message = $wire->take) {
        my ($op, @arguments) = @$message;
        my $handle = $ops{$op} or die sprintf("0x%04x is no op for a server of version 1\n", $op);
        $handle->($wire, @arguments);
    }
    return 1;
}

$SIG{PIPE} = 'IGNORE';
alarm 600; # whoever forgets to end it
my $select = IO::Select->new($listener);
while (1) {
    for my $ready ($select->can_read) {
        if ($ready == $listener) {
            my $socket = $listener->accept or next;
            my $wire = PerlWire->new($form, $socket);
            # Who has gone already is not greeted.
            eval { $wire->send(SET_VERSION, 1); 1 } or next;
            $wires{$socket} = $wire;
            $select->add($socket);
        }
        elsif (!eval { serve($wires{$ready}) }) {
            print STDERR $@ if $@ && $@ !~ /^write: /;
            $select->remove($ready);
            delete $analyzers{ delete $wires{$ready} };
            close $ready;
        }
    }
}
