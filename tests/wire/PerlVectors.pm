# SPDX-License-Identifier: LGPL-2.1-or-later
# The cases of make-perl-vectors.pl.
package PerlVectors;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Scalar::Util qw(dualvar weaken);
use Sereal::Encoder qw(SRL_SNAPPY SRL_ZLIB SRL_ZSTD);
use Storable qw(dclone nfreeze);

our @EXPORT_OK = qw(messages refused made_with);
$Storable::canonical = 1;
$Storable::Deparse = $Storable::forgive_me = 1;

use constant {
    GET_INTERFACE => 0x4001, SET_INTERFACE => 0x4002, NEW_ANALYZER => 0x4003,
        DELETE_ANALYZER => 0x4004,
    DATA => 0x4005, SET_VERSION => 0x4006, EXCEPTION => 0x4101, INTERFACE => 0x4102,
        RESULT => 0x4103,
    LOG => 1, PORT_OPEN => 2, ACCTFIELD => 4, PAUSE => 0x10, CONTINUE => 0x11,
        REPLACE_LATER => 0x12,
    PASS => 0x1001, PASS_PATTERN => 0x1002, PREPASS => 0x1003, TOSENDER => 0x1010,
        REPLACE => 0x1011,
    DENY => 0x1100, DROP => 0x1101, FATAL => 0x1102, STREAM => -1, PACKET => 1,
};

sub made_with {
    return { Perl => sprintf('%vd', $^V), Storable => $Storable::VERSION,
        Sereal => $Sereal::Encoder::VERSION };
}

# Long runs of one byte as that byte, "*" and how many.
sub hex_of {
    my @parts = split /((.)\2{63,60000})/s, $_[0];
    my @words;
    while (@parts) {
        my ($plain, $run, $byte) = splice @parts, 0, 3;
        push @words, unpack 'H*', $plain if length $plain;
        push @words, sprintf '%02x*%d', ord $byte, length $run if defined $run;
    }
    return join ' ', @words;
}

# Of a Storable frame on a machine of either order, and of a document of Sereal.
sub frame { return pack('vV/a*', @_) }
sub frame_be { return pack('nN/a*', @_) }

sub document {
    my ($how, @values) = @_;
    return Sereal::Encoder->new({ protocol_version => 1, sort_keys => 1, compress_threshold => 1,
        snappy_threshold => 1,
        %$how })->encode(\@values);
}

sub freeze {
    my ($format, $op, @arguments) = @_;
    return frame($op, nfreeze(\@arguments)) if $format eq 'storable';
    # A copy, since Sereal writes arrays that are referred to only once in a shorter form, as we do.
    return Sereal::Encoder->new({ protocol_version => 1, sort_keys => 1 })->encode(dclone([ $op,
        @arguments ]));
}

# [name, what it means, op and arguments, what is written so (1: the same)]
sub common {
    my $twice = [ PASS, PREPASS, REPLACE ];
    my $meta = { meta => { caddr => '10.0.0.1' } };
    my $both = { caddr => '10.0.0.1', 'meta.caddr' => '10.0.0.1' };
    return (
        [ 'set_version', { op => 'set_version', version => 1 }, [ SET_VERSION, 1 ], 1 ],
        [ 'set_version with more', { op => 'set_version', version => 1 }, [ SET_VERSION, '1',
            'more', {} ] ],
        [ 'get_interface of nothing', { op => 'get_interface', interfaces => [] }, [GET_INTERFACE],
            1 ],
        [ 'get_interface of an empty list', { op => 'get_interface', interfaces => [] },
            [ GET_INTERFACE, [] ] ],
        [ 'get_interface', { op => 'get_interface', interfaces => [ { type => 'imp.data.stream',
            results => [ 'pass', 'prepass', 'replace' ] },
            { type => undef } ] }, [ GET_INTERFACE, [ STREAM, $twice ], [undef] ], 1 ],
        [ 'get_interface of a list', { op => 'get_interface',
            interfaces => [ { type => 'imp.data.stream', results => [ 'pass', 'prepass',
            'replace' ] },
            { type => 'imp.data.packet', results => [ 'pass', 'prepass', 'replace' ] } ] },
            [ GET_INTERFACE, [ [ STREAM, $twice ], [ PACKET, $twice ] ] ] ],
        [ 'get_interface by names', { op => 'get_interface',
            interfaces => [ { type => 'imp.data.packet', results => [ 'account_field', 'to_sender',
            'drop' ] } ] },
            [ GET_INTERFACE, [ dualvar(PACKET, 'imp.data.packet'), [ 'acctfield', 'tosender',
                dualvar(DROP, 'drop') ] ] ] ],
        [ 'get_interface with no results', { op => 'get_interface',
            interfaces => [ { type => -5242881 }, { type => 'imp.data.packet' } ] },
            [ GET_INTERFACE, [ -(80 << 16) - 1, [] ], [ PACKET, undef ] ] ],
        [ 'get_interface with results unknown', { op => 'get_interface',
            interfaces => [ { type => undef, results => ['fatal'] } ] },
            [ GET_INTERFACE, [ undef, [ 0x7777, -1 ] ] ] ],
        [ 'set_interface', { op => 'set_interface', interface => { type => 'imp.data.stream',
            results => [ 'pass', 'log' ] } },
            [ SET_INTERFACE, [ STREAM, [ PASS, LOG ] ] ], 1 ],
        [ 'set_interface, flat', { op => 'set_interface', interface => { type => 'imp.data.stream',
            results => ['pass'] } },
            [ SET_INTERFACE, '-1', ['4097'] ] ],
        [ 'interface', { op => 'interface', interfaces => [ { type => 'imp.data.packet',
            results => [ 'deny', 'drop', 'fatal' ] } ] },
            [ INTERFACE, [ PACKET, [ DENY, DROP, FATAL ] ] ], 1 ],
        [ 'new_analyzer without context', { op => 'new_analyzer', id => 1, context => {} },
            [ NEW_ANALYZER, 1, {} ], 1 ],
        [ 'new_analyzer with no context at all', { op => 'new_analyzer', id => 1 }, [ NEW_ANALYZER,
            1 ] ],
        [ 'new_analyzer with undef', { op => 'new_analyzer', id => 7 }, [ NEW_ANALYZER, '7',
            undef ] ],
        [ 'new_analyzer with meta', { op => 'new_analyzer', id => 200, context => $both },
            [ NEW_ANALYZER, 200, $meta ],
            { op => 'new_analyzer', id => 200, context => { caddr => '10.0.0.1' } } ],
        [ 'new_analyzer with meta again', { op => 'new_analyzer', id => 201, context => $both },
            [ NEW_ANALYZER, 201, $meta ],
            { op => 'new_analyzer', id => 201, context => $both } ],
        [ 'new_analyzer with a key beyond ASCII', { op => 'new_analyzer', id => 1 << 31,
            context => { "n\x{e4}me" => "\x{263a}", "meta.n\x{e4}me" => "\x{263a}" } },
            [ NEW_ANALYZER, 1 << 31,
                { meta => { "n\x{e4}me\x{263a}" =~ s/\x{263a}//r => "\x{263a}" } } ] ],
        [ 'new_analyzer with plain and nested', { op => 'new_analyzer', id => 3,
            context => { caddr => 'outer', 'meta.caddr' => 'inner', 'other.x' => '1', app => 'http',
            cport => '1234', 'meta.half' => '0.5', half => '0.5' } },
            [ NEW_ANALYZER, 3, { meta => { caddr => 'inner', half => 0.5, none => undef,
                list => [1], deeper => { a => 1 } }, other => { x => 1 }, caddr => 'outer',
                app => 'http', cport => 1234, none => undef, list => [ 1, 2 ] } ] ],
        [ 'delete_analyzer', { op => 'delete_analyzer', id => 300 }, [ DELETE_ANALYZER, 300 ], 1 ],
        [ 'data', { op => 'data', id => 1, dir => 0, offset => 0, type => -1,
            text => "GET / HTTP/1.0\r\n\r\n" }, [ DATA, 1, 0, 0, STREAM, "GET / HTTP/1.0\r\n\r\n" ],
            1 ],
        [ 'data at an offset', { op => 'data', id => 9007199254740991, dir => 1,
            offset => (1 << 40), type => -5242881, data => encode_base64(join('',
            map { chr } 0 .. 255) x 5, '') },
            [ DATA, 9007199254740991, 1, (1 << 40), -5242881, join('', map { chr } 0 .. 255) x 5 ],
                1 ],
        [ 'data at the end', { op => 'data', id => 1, dir => 1, offset => 0, type => 1,
            text => '' }, [ DATA, 1, 1, 0, PACKET, '' ], 1 ],
        [ 'data at the end, undef', { op => 'data', id => 1, dir => 1, offset => 0, type => -1,
            text => '' }, [ DATA, 1, 1, undef, undef, undef ] ],
        [ 'data at the end, missing', { op => 'data', id => 1, dir => 1, offset => 0, type => -1,
            text => '' }, [ DATA, 1, 1 ] ],
        [ 'data, numbers as strings', { op => 'data', id => 12, dir => 1, offset => 5000000000,
            type => -1, text => 'x' }, [ DATA, '12', '1', '5e9', 'imp.data.stream', 'x' ] ],
        [ 'data, a string as a number', { op => 'data', id => 1, dir => 0, offset => 7, type => -1,
            text => '-1234567' }, [ DATA, 1.0, !!0, 7.0, -1, -1234567 ] ],
        [ 'data, a string as a fraction', { op => 'data', id => 1, dir => 0, offset => 7,
            type => -1, text => '0.25' }, [ DATA, 1, !!0, \7, -1, 0.25 ] ],
        [ 'data, upgraded', { op => 'data', id => 1, dir => 0, offset => 0, type => -1,
            data => encode_base64("caf\xe9\x00\xff", '') },
            [ DATA, 1, 0, 0, -1, do { my $s = "caf\xe9\x00\xff"; utf8::upgrade($s); $s } ] ],
        [ 'exception', { op => 'exception', id => 0, message => 'no such interface' }, [ EXCEPTION,
            0, 'no such interface' ], 1 ],
        [ 'exception beyond ASCII', { op => 'exception', id => 9,
            message => "gr\x{fc}\x{df}e \x{263a}" }, [ EXCEPTION, 9, "gr\x{fc}\x{df}e \x{263a}" ],
            1 ],
        [ 'exception in Latin-1', { op => 'exception', id => 9, message => "gr\x{fc}\x{df}e" },
            [ EXCEPTION, 9, "gr\xfc\xdfe" ] ],
        [ 'exception in UTF-8 bytes', { op => 'exception', id => 9, message => "gr\x{fc}\x{df}e" },
            [ EXCEPTION, 9, "gr\xc3\xbc\xc3\x9fe" ] ],
        [ 'exception with NUL', { op => 'exception', id => 9, message => "a\x{fffd}b" },
            [ EXCEPTION, 9, "a\0b" ] ],
        [ 'exception that is long', { op => 'exception', id => -0, message => 'x' x 300 },
            [ EXCEPTION, 0, 'x' x 300 ], 1 ],
        results(),
    );
}

sub results {
    my @list = (
        [ 'pass', { dir => 0, offset => 65536 }, [ PASS, 0, 65536 ], 1 ],
        [ 'pass', { dir => 1, offset => -1 }, [ PASS, 1, -1 ], 1 ],
        [ 'pass', { dir => 0, offset => 100 }, [ dualvar(PASS, 'pass'), undef, '100' ] ],
        [ 'pass', { dir => 1, offset => (1 << 52) }, [ PASS, 1, (1 << 52) ], 1 ],
        [ 'prepass', { dir => 1, offset => 127 }, [ PREPASS, 1, 127 ], 1 ],
        [ 'replace', { dir => 0, offset => 5, text => 'HELLO' }, [ REPLACE, 0, 5, 'HELLO' ], 1 ],
        [ 'replace', { dir => 0, offset => 5, text => '' }, [ REPLACE, 0, 5 ] ],
        [ 'replace_later', { dir => 0, offset => 5, end_offset => 500 }, [ REPLACE_LATER, 0, 5,
            500 ], 1 ],
        [ 'to_sender', { dir => 1, text => "220 hi\r\n" }, [ TOSENDER, 1, "220 hi\r\n" ], 1 ],
        [ 'deny', { dir => 0, message => 'virus' }, [ DENY, 0, 'virus' ], 1 ],
        [ 'deny', { dir => 0, message => 'virus', details => { name => 'eicar' } }, [ DENY, 0,
            'virus', name => 'eicar' ], 1 ],
        [ 'deny', { dir => 0, message => '', details => { a => '', b => '2' } }, [ DENY, undef,
            undef, a => undef, undef, 'x', b => 2, c => [], 'a' ] ],
        [ 'drop', {}, [DROP], 1 ],
        [ 'fatal', { message => 'out of memory' }, [ FATAL, 'out of memory' ], 1 ],
        [ 'fatal', { message => '' }, ['fatal'] ],
        [ 'pause', { dir => 0 }, [ PAUSE, 0 ], 1 ],
        [ 'continue', { dir => 1 }, [ CONTINUE, 1 ], 1 ],
        [ 'log', { dir => 0, offset => 10, length => 4, level => 'warning', message => 'odd' },
            [ LOG, 0, 10, 4, 4, 'odd' ], 1 ],
        [ 'log', { dir => 0, offset => 10, length => 4, level => 'emergency', message => "\x{20ac}",
            details => { key => "v\x{e4}l" } },
            [ LOG, 0, 10, 4, dualvar(8, 'emergency'), "\x{20ac}", key => "v\x{e4}l" ] ],
        [ 'log', { dir => 1, offset => 0, length => 0, level => 'info', message => '' }, [ LOG,
            1 ] ],
        [ 'account_field', { key => 'user', value => 'alice' }, [ ACCTFIELD, 'user', 'alice' ], 1 ],
        [ 'account_field', { key => '17', value => '4' }, [ 'acctfield', 17, 4.0 ] ],
        [ 'pass_pattern', { dir => 0, pattern => 'a+b', max_length => 100 }, [ PASS_PATTERN, 0,
            'a+b', 100 ], 1 ],
    );
    my $n = 0;
    return map { my ($type, $fields, $arguments, $written) = @$_;
        [ 'result ' . $type . ' (' . ++$n . ')', { op => 'result', id => 3, result => $type,
            %$fields }, [ RESULT, 3, @$arguments ], $written ] } @list;
}

# Forms of one message that the modules write in their own ways.
sub variants {
    my ($format) = @_;
    my $means = { op => 'new_analyzer', id => 5, context => { 'meta.a' => 'same',
        'meta.b' => 'same', a => 'same', b => 'same' } };
    my $same = 'same';
    my $hash = { a => 'same', b => 'same' };
    my @arguments = (5, { meta => $hash, list => [ $hash, $hash, \$same, \$same ] });
    my @all;
    if ($format eq 'storable') {
        push @all, [ 'shared values', frame(NEW_ANALYZER, nfreeze(\@arguments)) ];
        push @all, [ 'big-endian frame', frame_be(NEW_ANALYZER, nfreeze(\@arguments)) ];
        push @all, [ 'an older minor version', frame(NEW_ANALYZER,
            nfreeze(\@arguments) =~ s/^\x05./\x05\x04/sr) ];
    }
    else {
        for my $version (1 .. 5) {
            push @all, [ "protocol $version", document({ protocol_version => $version },
                NEW_ANALYZER, @arguments) ];
            push @all, [ "protocol $version, Snappy", document({ protocol_version => $version,
                compress => SRL_SNAPPY }, NEW_ANALYZER, @arguments) ];
            push @all, [ "protocol $version, strings once", document({ protocol_version => $version,
                dedupe_strings => 1 }, NEW_ANALYZER, @arguments) ];
            next if $version < 3;
            push @all, [ "protocol $version, zlib", document({ protocol_version => $version,
                compress => SRL_ZLIB }, NEW_ANALYZER, @arguments) ];
            push @all, [ "protocol $version, Zstandard", document({ protocol_version => $version,
                compress => SRL_ZSTD }, NEW_ANALYZER, @arguments) ];
        }
        push @all, [ 'protocol 1, Snappy to the end', document({ snappy => 1 }, NEW_ANALYZER,
            @arguments) ];
        push @all, [ 'user data in the header', Sereal::Encoder->new({ protocol_version => 4,
            sort_keys => 1 })->encode([ NEW_ANALYZER, @arguments ], { of => 'somebody' }) ];
    }
    return map { { name => $_->[0], json => $means, hex => hex_of($_->[1]) } } @all;
}

# What the modules here do not write, but others do.
sub by_hand {
    my ($format) = @_;
    my $pass = { op => 'result', id => 3, result => 'pass', dir => 1, offset => 1000 };
    my @all;
    if ($format eq 'storable') {
        my $head = '050b0200000005';
        @all = (
            [ 'booleans', $pass, frame(RESULT, pack 'H*',
                '050b' . '0200000004' . '0883' . '0900001001' . '22' . '09000003e8') ],
            [ 'immortal truth and integers of the machine', $pass, frame(RESULT, pack 'H*',
                '050b' . '0200000004' . '0883' . '0900001001' . '0f' . '06e803000000000000') ],
            [ 'integers of a big-endian machine', $pass, frame_be(RESULT, pack 'H*',
                '050b' . '0200000004' . '0883' . '0900001001' . '0f' . '0600000000000003e8') ],
            [ 'doubles of the machine', $pass, frame(RESULT, pack 'H*',
                '050b' . '0200000004' . '0883' . '0900001001' . '0881' . '070000000000408f40') ],
            [ 'undef of an element, and a hash with a placeholder', { op => 'new_analyzer', id => 3,
                context => { k => 'v' } },
                frame(NEW_ANALYZER, pack 'H*',
                    '050b' . '0200000003' . '0883' . '041980' . '00000002' . '0e100000000170'
                    . '0a017600'
                    . '000000016b' . '1f') ],
        );
    }
    else {
        my $head = '3d73726c0100' . '45' . '20838201' . '03' . '208120';
        @all = (
            [ 'padded', $pass, pack 'H*',
                '3d73726c0100' . '3f3f45' . '3f' . '20838201' . '03' . '208120'
                . '013f3f' . '20e807' ],
            [ 'a number that is longer than it must be', $pass, pack 'H*',
                $head . '01' . '20e88780808000' ],
            [ 'a float', $pass, pack 'H*', $head . '01' . '2200007a44' ],
            [ 'a double', $pass, pack 'H*', $head . '01' . '230000000000408f40' ],
            [ 'a long double', $pass, pack 'H*',
                $head . '01' . '24' . '00000000000000fa0840' . '000000000000' ],
            [ 'a float of 128 bits', $pass, pack 'H*',
                $head . '01' . '38' . '000000000000000000000000' . '00f40840' ],
            [ 'true', $pass, pack 'H*', $head . '3b' . '20e807' ],
        );
    }
    return map { { name => $_->[0], json => $_->[1], hex => hex_of($_->[2]) } } @all;
}

sub messages {
    my ($format) = @_;
    my @cases = map {
        my ($name, $means, $arguments, $written) = @$_;
        my %case = (name => $name, json => $means, hex => hex_of(freeze($format, @$arguments)));
        $case{written} = ref $written ? $written : JSON::PP::true if $written;
        \%case;
    } common();
    return [ @cases, variants($format), by_hand($format) ];
}

{ package Some::Class; sub new { return bless { a => 1 }, shift } }
{ package Some::Hook; our @ISA = 'Some::Class'; sub STORABLE_freeze { return 'frozen' }
  sub FREEZE { return 'frozen' } sub THAW { } }
{ package Some::Overload; use overload '""' => sub { 'text' }; our @ISA = 'Some::Class'; }
{ package Some::Tie; sub TIEHASH { return bless {}, shift } sub TIEARRAY { return bless [],
    shift } sub TIESCALAR { return bless [], shift }
  sub FETCH { return 1 } sub FETCHSIZE { return 1 } sub FIRSTKEY { return undef } }

sub refused_by_both {
    my ($format) = @_;
    tie my %tied_hash, 'Some::Tie';
    tie my @tied_array, 'Some::Tie';
    tie my $tied_scalar, 'Some::Tie';
    my $cycle = [];
    push @$cycle, $cycle;
    my $deep = [];
    $deep = [$deep] for 1 .. 40;
    my $ends = $format eq 'storable';
    my @cases = (
        [ 'a blessed object', 'blessed', [ DATA, 1, 0, 0, -1, Some::Class->new ], $ends ],
        [ 'a second object of a class', 'blessed', [ DATA, Some::Class->new, Some::Class->new ],
            $ends ],
        [ 'an overloaded object', $ends ? 'overloaded' : 'blessed', [ DATA, 1, 0, 0, -1,
            Some::Overload->new ], $ends ],
        [ 'a compiled expression', $ends ? 'blessed' : 'blessed', [ RESULT, 1, PASS_PATTERN, 0,
            qr/a/, 10 ], $ends ],
        [ 'a value that contains itself', 'contains itself', [ DATA, 1, 0, 0, -1, $cycle ], $ends ],
        [ 'nesting', 'max-depth', [ DATA, 1, 0, 0, -1, $deep ], $ends, 'limit' ],
        [ 'an unknown op', 'op', [ 0x4070, 1 ], 1, 'unsupported' ],
        [ 'an op of version 2', 'busy', [ 0x4007, 1, 0, 1 ], 1, 'unsupported' ],
        [ 'an id of 0', 'id', [ DATA, 0, 0, 0, -1, 'x' ], 1 ],
        [ 'an id that is negative', 'id', [ DATA, -1, 0, 0, -1, 'x' ], 1 ],
        [ 'an id above 2^53', 'id', [ DATA, 1 << 53, 0, 0, -1, 'x' ], 1 ],
        [ 'an id that is a fraction', 'id', [ DATA, 1.5, 0, 0, -1, 'x' ], 1 ],
        [ 'an id that is no number', 'id', [ DATA, '0x10', 0, 0, -1, 'x' ], 1 ],
        [ 'an id that is infinite', 'id', [ DATA, 9**9**9, 0, 0, -1, 'x' ], 1 ],
        [ 'no id', 'id', [DATA], 1 ],
        [ 'a direction of 2', 'dir', [ DATA, 1, 2, 0, -1, 'x' ], 1 ],
        [ 'an offset below -1', 'offset', [ DATA, 1, 0, -2, -1, 'x' ], 1 ],
        [ 'a type of 0', 'type', [ DATA, 1, 0, 0, 0, 'x' ], 1 ],
        [ 'a type with no name', 'type', [ DATA, 1, 0, 0, 'imp.data.nothing', 'x' ], 1 ],
        [ 'a type of 33 bits', 'type', [ DATA, 1, 0, 0, 1 << 32, 'x' ], 1 ],
        [ 'data that are a list', 'data', [ DATA, 1, 0, 0, -1, ['x'] ], 1 ],
        [ 'data with wide characters', 'data', [ DATA, 1, 0, 0, -1, "\x{263a}" ], 1 ],
        [ 'a context that is a list', 'context', [ NEW_ANALYZER, 1, [ a => 1 ] ], 1 ],
        [ 'a context that is too large', 'max-context', [ NEW_ANALYZER, 1, { a => 'x' x 70000 } ],
            1, 'limit' ],
        [ 'details that are too large', 'max-context', [ RESULT, 1, DENY, 0, 'no',
            a => 'x' x 70000 ], 1, 'limit' ],
        [ 'an unknown result', 'result', [ RESULT, 1, 0x7777 ], 1, 'unsupported' ],
        [ 'a result without a type', 'result', [ RESULT, 1 ], 1 ],
        [ 'a pass without an offset', 'offset', [ RESULT, 1, PASS, 0 ], 1 ],
        [ 'a level of 9', 'level', [ RESULT, 1, LOG, 0, 0, 0, 9, 'x' ], 1 ],
        [ 'interfaces that are a hash', 'interfaces', [ GET_INTERFACE, [ -1, [] ], {} ], 1 ],
        [ 'results that are a number', 'results', [ GET_INTERFACE, [ -1, 5 ] ], 1 ],
        [ 'no interface to set', 'interface', [SET_INTERFACE], 1 ],
        [ 'two interfaces to set', 'interface', [ SET_INTERFACE, [-1], [1] ], 1 ],
        [ 'a version of 0', 'version', [ SET_VERSION, 0 ], 1 ],
        [ 'too many values', 'values', [ DATA, (undef) x 17000 ], $ends, 'limit' ],
    );
    if ($ends) {
        push @cases, [ 'code', 'code', [ DATA, 1, 0, 0, -1, sub { 1 } ], 1 ];
        push @cases, [ 'a tied hash', 'tied hash', [ DATA, 1, 0, 0, -1, \%tied_hash ], 1 ];
        push @cases, [ 'a tied array', 'tied array', [ DATA, 1, 0, 0, -1, \@tied_array ], 1 ];
        push @cases, [ 'a tied scalar', 'tied scalar', [ DATA, 1, 0, 0, -1, \$tied_scalar ], 1 ];
        push @cases, [ 'an object frozen by a hook', 'hook', [ DATA, 1, 0, 0, -1, Some::Hook->new ],
            1 ];
    }
    return map { [ $_->[0], $_->[1], freeze($format, @{ $_->[2] }), $_->[3], $_->[4] ] } @cases;
}

sub storable_refused {
    my $image = sub { return frame(DATA, pack 'H*', $_[0]) };
    return (
        [ 'native order', 'native', frame(DATA, Storable::freeze([1])), 1 ],
        [ 'a file', 'version', frame(DATA, 'pst0' . nfreeze([1])), 1 ],
        [ 'another major version', 'version', $image->('070b0200000000'), 1 ],
        [ 'no array', 'array', frame(DATA, nfreeze(\1)), 1 ],
        [ 'an empty frame', 'bytes', $image->(''), 1 ],
        [ 'an unknown item', 'unknown', $image->('050b020000000124'), 1 ],
        [ 'bytes behind', 'follow', $image->('050b020000000000'), 1 ],
        [ 'an op that is none', 'op', pack('vV', 0x1234, 0), 0 ],
        [ 'a length above the limit', 'max-message', pack('vV', DATA, 0x7fffffff), 0, 'limit' ],
        [ 'an array of 4294967295', 'values', $image->('050b02ffffffff'), 1, 'limit' ],
        [ 'an array of more than there is', 'announced', $image->('050b02000000100505'), 1 ],
        [ 'a hash of more than there is', 'announced', $image->('050b030000000200'), 1 ],
        [ 'a string of more than there is', 'bytes', $image->('050b0200000001010000ffff41'), 1 ],
        [ 'a key of more than there is', 'bytes',
            $image->('050b0200000001040300000001' . '05' . 'fffffff0'), 1 ],
        [ 'a reference to nothing', 'no value', $image->('050b02000000010000000009'), 1 ],
        [ 'a reference to itself', 'contains itself', $image->('050b0200000001040000000001'), 1 ],
        [ 'a key that is a value', 'key',
            $image->('050b0200000001041900' . '00000001' . '05' . '08' . '0a03616263'), 1 ],
        [ 'a large object', '2 GiB', $image->('050b020000000121020000000100000000'), 1 ],
        [ 'a regular expression', 'regular', $image->('050b020000000120000161' . '00'), 1 ],
        [ 'an element of a tied array', 'tied', $image->('050b020000000116'), 1 ],
        [ 'references without end', 'max-depth', $image->('050b0200000001' . '04' x 100 . '05'), 1,
            'limit' ],
    );
}

sub sereal_refused {
    my $raw = sub { return pack 'H*', '3d73726c0100' . $_[0] };
    my $zeros = "\0" x (4 << 20);
    my @tags = ([ 'OBJECTV', 45 ], [ 'REGEXP', 49 ], [ 'OBJECT_FREEZE', 50 ], [ 'OBJECTV_FREEZE',
        51 ], [ 'a reserved tag', 54 ],
        [ 'MANY', 60 ], [ 'PACKET_START', 61 ], [ 'EXTEND', 62 ]);
    my $frozen = Sereal::Encoder->new({ protocol_version => 5, freeze_callbacks => 1 });
    my $bomb = document({ protocol_version => 4, compress => SRL_ZSTD }, DATA, 1, 0, 0, -1, $zeros);
    return (
        [ 'no magic', 'srl', '=json' ],
        [ 'a magic that UTF-8 broke', 'UTF-8', "=\xc3\xb3rl\x03\0A\0" ],
        [ 'protocol 0', 'protocol', pack('H*', '3d73726c000040') ],
        [ 'protocol 6', 'protocol', pack('H*', '3df3726c060040') ],
        [ 'the new magic with an old protocol', 'protocol', pack('H*', '3df3726c020040') ],
        [ 'the old magic with a new protocol', 'protocol', pack('H*', '3d73726c030040') ],
        [ 'an unknown packing', 'unknown way', pack('H*', '3df3726c530040') ],
        [ 'no array', 'array', $raw->('01'), 1 ],
        [ 'an empty array', 'op', $raw->('40'), 1 ],
        [ 'no op', 'op', $raw->('4125'), 1 ],
        [ 'a number of more than 64 bits', '64', $raw->('4120' . 'ff' x 10 . '01') ],
        [ 'a header above the limit', 'max-message', pack('H*', '3d73726c01ffffffff7f'), 0,
            'limit' ],
        [ 'a string above the limit', 'max-message', $raw->('4126' . 'ffffffff7f'), 0, 'limit' ],
        [ 'a string of nearly 2^64', 'max-message', $raw->('4126' . 'ffffffffffffffffff01'), 0,
            'limit' ],
        [ 'an array of nearly 2^64', 'values', $raw->('2b' . 'ffffffffffffffffff01'), 0, 'limit' ],
        [ 'a hash of 2^30', 'values', $raw->('2a' . '8080808004'), 0, 'limit' ],
        [ 'a hash whose key is a number', 'key', $raw->('5101') ],
        [ 'a reference to nothing', 'no value', $raw->('412903') ],
        [ 'a reference to what is not tracked', 'no value', $raw->('42012907') ],
        [ 'an alias of itself', 'contains itself', $raw->('28ab012e07') ],
        [ 'a copy from the future', 'no value', $raw->('412f20') ],
        [ 'a copy from the header', 'no value', $raw->('412f01') ],
        [ 'a copy of itself', 'no value', $raw->('412f07') ],
        [ 'a copy of what contains it', 'contains it', $raw->('41412f06') ],
        [ 'a copy of a copy', 'another COPY', $raw->('43012f072f08') ],
        [ 'a key copied from a copy', 'key',
            $raw->('53' . '626161' . '01' . '2f07' . '01' . '2f0b' . '01') ],
        [ 'references without end', 'max-depth', $raw->('28' x 100), 0, 'limit' ],
        [ 'padding without end', 'values', $raw->('3f' x 40000), 0, 'limit' ],
        (map { [ $_->[0], 'refused', $raw->(sprintf '41%02x', $_->[1]) ] } @tags),
        [ 'an object frozen by a hook', 'hook', $frozen->encode([ DATA, Some::Hook->new ]) ],
        [ 'too much in few bytes, Zstandard', 'times', $bomb, 0, 'limit' ],
        [ 'too much in few bytes, zlib', 'max-message', pack('H*',
            '3df3726c3300' . 'ffffffff0f' . '08' . '78da030000000001'), 0, 'limit' ],
        [ 'too much in few bytes, Snappy', 'times', pack('H*',
            '3df3726c2300' . '08' . '8080800400000000'), 0, 'limit' ],
        [ 'too much in few bytes, Snappy to the end', 'bytes', pack('H*',
            '3d73726c1100' . '80808004' . '00000000'), 0, 'limit' ],
        [ 'Snappy that is none', 'unpacked', pack('H*', '3df3726c2300' . '04' . '05ffffff') ],
        [ 'Snappy to the end that yields too much', 'Snappy', pack('H*',
            '3d73726c1100' . '02' . '10' . '4141414141') ],
        [ 'zlib that is none', 'unpacked', pack('H*', '3df3726c3300' . '0404' . '00000000') ],
        [ 'zlib that is shorter than it says', 'unpacked', pack('H*',
            '3df3726c3300' . '0f' . '08' . '789c030000000001') ],
        [ 'Zstandard that is none', 'large', pack('H*', '3df3726c4400' . '04' . '00000000') ],
        [ 'a packed body that is cut', 'bytes', pack('H*',
            '3df3726c2300' . '05' . '03' . '08' . '430120'), 1 ],
    );
}

sub refused {
    my ($format) = @_;
    my @own = $format eq 'storable' ? storable_refused() : sereal_refused();
    return [ map {
        { name => $_->[0], word => $_->[1], hex => hex_of($_->[2]),
            goes_on => $_->[3] ? JSON::PP::true : JSON::PP::false,
          error => $_->[4] // 'protocol' }
    } refused_by_both($format), @own ];
}

1;
