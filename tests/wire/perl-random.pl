#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes random data as Perl's own modules freeze them, and what they are:
#   perl-random.pl storable|sereal SEED COUNT
# Each case is two strings, each with its length (32 bits, big-endian) before it: the frozen bytes
# and a description of what Perl gets when it reads them back.
use strict;
use warnings;
use Storable qw(nfreeze thaw);
use Sereal::Encoder qw(SRL_SNAPPY SRL_ZLIB SRL_ZSTD SRL_UNCOMPRESSED);
use Sereal::Decoder;
use Scalar::Util qw(weaken dualvar);

binmode STDOUT;
my ($format, $seed, $count) = @ARGV;
srand $seed;
my @shared;

sub any { return $_[ int rand @_ ] }
sub bytes { return join '', map { chr int rand 256 } 1 .. $_[0] }
sub wide { return join '', map { chr int rand any(128, 256, 0x3000, 0x10ffff) } 1 .. $_[0] }

sub text {
    my $text = wide(int rand 12);
    $text =~ s/[\x{d800}-\x{dfff}\x{fdd0}-\x{fdef}]|[\x{fffe}\x{ffff}]/?/g;
    return $text;
}

sub integer {
    my $bits = 1 + int rand 62;
    my $value = int rand 2**($bits > 52 ? 52 : $bits);
    $value <<= $bits - 52 if $bits > 52;
    return rand() < 0.5 ? $value : -$value;
}

sub number {
    return any(0.5, -1.25, 1e300, -3.25e-10, 1e15, 1.1, 9**9**9, -9**9**9, -0.0, rand() * 1e6,
        integer() / 3);
}

sub scalar_value {
    my $kind = int rand 14;
    return undef if $kind == 0;
    return integer() if $kind < 4;
    return number() if $kind == 4;
    return any(!!1, !!0) if $kind == 5;
    return text() if $kind == 6;
    return do { my $t = 'upgraded' . chr 233; utf8::upgrade($t); $t } if $kind == 7;
    return bytes(any(0, 31, 32, 255, 256, 300)) if $kind == 8;
    return bytes(70000) if $kind == 9 && rand() < 0.02;
    return dualvar(int rand 100, 'name') if $kind == 10;
    return v1.22.333 if $kind == 11 && rand() < 0.2;
    return integer() . '';
}

sub key {
    my $kind = int rand 6;
    return 'key' . int rand 50 if $kind < 3;
    return bytes(int rand 40) if $kind == 3;
    return do { my $k = chr(200 + int rand 50); utf8::upgrade($k); $k } if $kind == 4;
    return text();
}

sub value {
    my ($depth) = @_;
    my $kind = $depth > 4 ? 9 : int rand 12;
    if ($kind < 2) {
        my $array = [ map { value($depth + 1) } 1 .. any(0, 1, 2, 2, 3, 3, 5, $depth ? 4 : 17) ];
        push @shared, $array;
        return $array;
    }
    if ($kind < 4) {
        my %hash = map { key() => value($depth + 1) } 1 .. any(0, 1, 2, 2, 3, $depth ? 4 : 18);
        push @shared, \%hash;
        return \%hash;
    }
    if ($kind == 4 && $depth < 4) {
        my $inner = scalar_value();
        push @shared, \$inner;
        return rand() < 0.5 ? \$inner : \\$inner;
    }
    return any(@shared) if $kind == 5 && @shared;
    return scalar_value();
}

sub alias { return \@_ }

sub root {
    @shared = ();
    my $scalar = scalar_value();
    my @values = map { value(0) } 1 .. any(0, 1, 3, 6, 20);
    return alias($scalar, @values, $scalar) if rand() < 0.1;
    if (rand() < 0.1 && @shared) {
        my $weak = [ $shared[0], $shared[0] ];
        weaken $weak->[1];
        push @values, $weak;
    }
    return \@values;
}

sub sereal {
    my ($data) = @_;
    my $protocol = 1 + int rand 5;
    my %how = (protocol_version => $protocol);
    $how{$_} = 1
        for grep { rand() < 0.3 } qw(dedupe_strings canonical_refs sort_keys no_shared_hashkeys);
    $how{aliased_dedupe_strings} = 1 if rand() < 0.1;
    # Small documents are left as they are: the encoder of 5.003 runs over its buffer in packing
    # them.
    if (rand() < 0.4) {
        push @$data, join ' ', map { int rand 500 } 1 .. 300 + int rand 500;
        if ($protocol == 1) { $how{ any('snappy', 'snappy_incr') } = 1 }
        else { $how{compress} = $protocol > 2 ? any(SRL_SNAPPY, SRL_ZLIB, SRL_ZSTD) : SRL_SNAPPY }
    }
    my $encoder = Sereal::Encoder->new(\%how);
    return $protocol > 1 && rand() < 0.2 ? $encoder->encode($data, { header => [ 1, 'x' ] })
                                         : $encoder->encode($data);
}

sub hex_of {
    my ($text) = @_;
    utf8::encode($text);
    return unpack 'H*', $text;
}

sub describe {
    my ($value) = @_;
    return 'u' if !defined $value;
    my $ref = ref $value;
    return 's' . hex_of("$value") if !$ref;
    return 'a[' . join(',', map { describe($_) } @$value) . ']' if $ref eq 'ARRAY';
    return 'h{' . join(',',
        sort map { hex_of($_) . '=' . describe($value->{$_}) } keys %$value) . '}'
        if $ref eq 'HASH';
    return describe($$value);
}

my $decoder = Sereal::Decoder->new;

# A structure that grew too large, or that not even Perl reads back, is made anew.
sub one {
    while (1) {
        my $data = root();
        my $frozen = $format eq 'storable' ? nfreeze($data) : sereal($data);
        my $read = eval { $format eq 'storable' ? thaw($frozen) : $decoder->decode($frozen) }
            or next;
        my $described = describe($read);
        return ($frozen, $described) if length $described < 200_000;
    }
}

print pack 'N/a* N/a*', one() for 1 .. $count;
