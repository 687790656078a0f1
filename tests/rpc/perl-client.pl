#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# A data provider in Perl, which drives a server:
#   perl-client.pl storable|sereal SOCKET < SCRIPT
# Each line of the script is a step: "interface" asks for interfaces, "set TYPE RESULT..." sets
# one, "new ID KEY VALUE...", "data ID DIR OFFSET TYPE TEXT", "delete ID"; "expect N" waits for so
# many messages and prints them. A text may have the escapes \n, \r and \xHH.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Socket::UNIX;
use PerlWire;

my ($form, $path) = @ARGV;
my $socket = IO::Socket::UNIX->new(Peer => $path) or die "cannot connect to $path: $!\n";
my $wire = PerlWire->new($form, $socket);
$| = 1;
alarm 60;

sub text_of {
    my ($text) = @_;
    $text =~ s/\\x([0-9a-f]{2})|\\(n)|\\(r)/defined $1 ? chr hex $1 : $2 ? "\n" : "\r"/ge;
    return $text;
}

sub show {
    my ($value) = @_;
    return 'undef' if !defined $value;
    return '[' . join(' ', map { show($_) } @$value) . ']' if ref $value eq 'ARRAY';
    return $value if $value =~ /^-?[0-9]+$/;
    my $text = $value;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    return qq("$text");
}

my %steps = (
    interface => sub { $wire->send(GET_INTERFACE, [ STREAM, undef ]) },
    set => sub { my ($type, @results) = @_; $wire->send(SET_INTERFACE, [ $type, \@results ]) },
    new => sub { my ($id, %meta) = @_; $wire->send(NEW_ANALYZER, $id, { meta => \%meta }) },
    data => sub {
        my ($id, $dir, $offset, $type, $text) = @_;
        $wire->send(DATA, $id, $dir + 0, $offset + 0, $type + 0, text_of($text // ''));
    },
    delete => sub { $wire->send(DELETE_ANALYZER, $_[0]) },
    expect => sub {
        for (1 .. $_[0]) {
            my @message = $wire->receive or die "the server has closed the connection\n";
            print join(' ', sprintf('0x%04x', shift @message), map { show($_) } @message), "\n";
        }
    },
);
while (my $line = <STDIN>) {
    chomp $line;
    my ($step, $rest) = split / /, $line, 2;
    my @arguments = split / /, $rest // '', $step eq 'data' ? 5 : 0;
    $steps{$step}->(@arguments);
}
