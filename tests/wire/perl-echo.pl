#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads messages and writes them again, as Perl's own modules have them:
#   perl-echo.pl storable|sereal
# Before each, in both directions, stands its length (32 bits, big-endian).
use strict;
use warnings;
use Sereal::Decoder;
use Sereal::Encoder qw(SRL_SNAPPY SRL_UNCOMPRESSED SRL_ZLIB SRL_ZSTD);
use Storable qw(nfreeze thaw);

binmode STDIN;
binmode STDOUT;
my ($format) = @ARGV;
my $decoder = Sereal::Decoder->new({ refuse_snappy => 1, refuse_objects => 1 });
my @encoders = map { Sereal::Encoder->new($_) } (
    { protocol_version => 1 }, { protocol_version => 2, dedupe_strings => 1 },
    { protocol_version => 3 }, { protocol_version => 4, compress => SRL_ZSTD },
    { protocol_version => 5, compress => SRL_ZLIB }, { compress => SRL_SNAPPY },
);

sub echo {
    my ($bytes) = @_;
    if ($format eq 'storable') {
        my ($op, $length) = unpack 'SL', $bytes;
        die "a length of $length is wrong\n" if $length != length($bytes) - 6;
        my $image = nfreeze(thaw(substr $bytes, 6));
        return pack 'SLa*', $op, length $image, $image;
    }
    return $encoders[ rand @encoders ]->encode($decoder->decode($bytes));
}

while (read(STDIN, my $head, 4) == 4) {
    my $length = unpack 'N', $head;
    read(STDIN, my $bytes, $length) == $length or die "the input is cut\n";
    print pack 'N/a*', echo($bytes);
}
