#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes the vectors of the wire formats storable and sereal, with Perl's own modules:
#   make-perl-vectors.pl storable|sereal messages|refused
# prints one file of tests/vectors/. The test calls it and compares.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use PerlVectors qw(messages refused made_with);

my ($format, $which) = @ARGV;
my %about = (
    messages => 'Messages as Perl freezes them (hexadecimal; 78*100 stands for a hundred times the '
        . 'byte), and what each means, as the wire format json writes it. Where "written" '
        . 'is there, that message (true: the same one) is written in these very bytes, but for '
        . 'the minor version in the header of Storable.',
    refused => 'What must be refused: bytes (hexadecimal), the code of the error, and a word of '
        . 'its message. "goes_on" tells whether the connection can go on behind it. max_message is '
        . '33554432, max_context 65536, max_depth 32.',
);
my $cases = $which eq 'messages' ? messages($format) : refused($format);
my $json = JSON::PP->new->canonical->indent->indent_length(1)->space_after->ascii;
print $json->encode({ about => $about{$which}, made_with => made_with(), cases => $cases });
