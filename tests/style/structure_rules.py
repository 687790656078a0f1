# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules about how the files of the library hang together: no circles, no shared insides."""

import collections
import os
import re
import subprocess

import code_rules
import comments

# What nm calls symbols that an object brings, and the one that it asks others for.
DEFINED = set('TDBRVW')
NEEDED = 'U'

# A function, or the type that G_DECLARE_FINAL_TYPE() and its like declare, in the first column.
FUNCTION = re.compile(r'^(?!typedef\b|G_STATIC_ASSERT\b)[A-Za-z_][^;{}()#=]*\b\w+ \('
                      r'|^G_DECLARE_\w+ \(', re.MULTILINE)


# Circles.

def read_symbols(archive):
    """What nm says of an archive's objects: two dicts, object -> names it brings, and needs."""
    output = subprocess.run(['nm', '-A', '-P', archive], check=True, stdout=subprocess.PIPE,
                            encoding='utf-8').stdout
    brings = collections.defaultdict(set)
    needs = collections.defaultdict(set)
    for line in output.splitlines():
        where, _, rest = line.partition(']: ')
        name, kind = rest.split()[:2]
        member = object_name(where.rpartition('[')[2])
        if kind in DEFINED:
            brings[member].add(name)
        elif kind == NEEDED:
            needs[member].add(name)
    return brings, needs


def object_name(member):
    """The object of "imp-remote/libimp.a.p/core_imp-flow.c.o": core_imp-flow.c."""
    return re.sub(r'\.o$', '', os.path.basename(member))


def read_archives(archives):
    """Reads several archives, which may hold the same object, as one set of objects."""
    brings, needs = {}, {}
    for archive in archives:
        for whole, part in zip((brings, needs), read_symbols(archive)):
            for member, names in part.items():
                whole.setdefault(member, set()).update(names)
    return brings, needs


def object_graph(brings, needs):
    """Which object needs which others: a dict of sets."""
    home = {name: member for member, names in brings.items() for name in names}
    return {member: {home[name] for name in needs.get(member, ())
                     if name in home and home[name] != member}
            for member in set(brings) | set(needs)}


def reachable(graph, start):
    """All that @start needs, directly or not."""
    found = set()
    waiting = list(graph[start])
    while waiting:
        member = waiting.pop()
        if member not in found:
            found.add(member)
            waiting += graph[member]
    return found


def find_circles(graph):
    """The sets of objects that need each other, each as a sorted list."""
    reach = {member: reachable(graph, member) for member in graph}
    circles = {tuple(sorted(other for other in reach[member] if member in reach[other]))
               for member in graph if member in reach[member]}
    return sorted(circles)


def check_circles(archives):
    """Yields (object, what is wrong) for each object that is in a circle."""
    brings, needs = read_archives(archives)
    if not any(brings.values()):
        yield ', '.join(archives), 'no symbols found there'
    graph = object_graph(brings, needs)
    for circle in find_circles(graph):
        for member in circle:
            others = sorted(graph[member] & set(circle))
            names = sorted(name for name in needs[member]
                           if any(name in brings[other] for other in others))
            yield member, ('is in a circle of files that need each other: it uses '
                           f'{", ".join(names)} of {", ".join(others)}')


# Private headers that only share what is inside a type.

def declares_function(source):
    return FUNCTION.search(comments.strip_comments(source.kind, source.text)) is not None


def including_files(header, sources):
    """The .c files of the library that include @header themselves."""
    name = header.path.partition('/')[2]
    return [source for source in sources if source.path.endswith('.c')
            and name in code_rules.included_headers(source)]


def check_private_headers(sources):
    """Yields (path, line, text) for headers that exist only to share one type's struct."""
    library = [source for source in sources if source.room is not None]
    for header in library:
        name = os.path.basename(header.path)
        if not name.endswith('-private.h'):
            continue
        stem = name[:-len('-private.h')]
        if stem.endswith('-state'):
            yield header.path, 1, 'shares the state of a type, which belongs into one file'
        elif not declares_function(header):
            users = [os.path.basename(source.path) for source in including_files(header, library)]
            if len(users) > 1 and all(user.startswith(stem) for user in users):
                yield header.path, 1, ('declares no function, it only shares a struct: of '
                                       f'{", ".join(users)}')


# Static functions, whose name is all that a profile or a backtrace shows.

def check_static_names(sources):
    """Yields (path, line, text) for static functions whose name also stands in another file."""
    places = collections.defaultdict(dict)
    for source in sources:
        if source.room is not None and source.kind == 'c':
            for name, line in code_rules.static_functions(source):
                places[name].setdefault(source.path, line)
    for name, found in sorted(places.items()):
        for path, line in found.items() if len(found) > 1 else ():
            others = ', '.join(other for other in found if other != path)
            yield path, line, f'{name} is static also in {others}: give it the name of its type'


# Tests that are run.

TEST = re.compile(r'^test[-_](.+)\.(?:c|py|js)$')


def check_tests_are_run(sources):
    """A test is named in the meson.build beside it, by its file or by the rest of its name."""
    builds = {os.path.dirname(source.path): source.text for source in sources
              if os.path.basename(source.path) == 'meson.build'}
    for source in sources:
        folder, name = os.path.split(source.path)
        match = TEST.match(name)
        if match is None or not folder.startswith('tests/') or folder not in builds:
            continue
        if name not in builds[folder] and f"'{match[1]}'" not in builds[folder]:
            yield source.path, 1, f'{folder}/meson.build does not name it: it is never run'


RULES = [check_private_headers, check_static_names, check_tests_are_run]
