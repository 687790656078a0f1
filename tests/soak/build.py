# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was built, how, and the environment that its programs need."""

import json
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PYTHON = 'python3'  # as it is started
TYPELIB = 'Imp-1.typelib'
SUPPRESSIONS = os.path.join(TOP, 'tests', 'lsan.supp')

# Memory that is kept from use for a while finds errors, but must not look like growth.
ASAN = 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1' \
       ':quarantine_size_mb=16'
# An interpreter keeps until its end what it has made, which is no leak of ours.
PYTHON_ASAN = 'detect_leaks=0'


class BuildError(Exception):
    """Something is missing; the text says what, and what to do."""


def prepend(name, path):
    return os.pathsep.join(filter(None, [path, os.environ.get(name)]))


def add_options(name, options):
    """Ours count, if somebody else has some as well."""
    return ':'.join(filter(None, [os.environ.get(name), options]))


class Build:
    def __init__(self, folder, needs_typelib=True):
        self.folder = os.path.abspath(folder)
        self.library = os.path.join(self.folder, 'imp-remote')
        self.tool = os.path.join(self.library, 'tool', 'imp-remote')
        if not os.access(self.tool, os.X_OK):
            raise BuildError(f'there is no {self.tool}: build it first')
        self.sanitizers = self.read_option('b_sanitize').split(',')
        self.typelibs = self.find_typelibs() if needs_typelib else None

    def read_option(self, name):
        path = os.path.join(self.folder, 'meson-info', 'intro-buildoptions.json')
        with open(path, encoding='utf-8') as file:
            return next(option['value'] for option in json.load(file) if option['name'] == name)

    def find_typelibs(self):
        for folder in [self.library, *os.environ.get('GI_TYPELIB_PATH', '').split(os.pathsep)]:
            if folder and os.path.exists(os.path.join(folder, TYPELIB)):
                return os.path.abspath(folder)
        raise BuildError(
            f'{self.library} has no {TYPELIB}, without which there is no analyzer in Python. A '
            'build with sanitizers cannot make it: take one from a build without them, by '
            'GI_TYPELIB_PATH=OTHER-BUILD/imp-remote')

    def find_runtime(self):
        """The library of AddressSanitizer, which has to be there before anything else is."""
        listed = subprocess.run(['ldd', self.tool], stdout=subprocess.PIPE, check=True, text=True)
        match = re.search(r'libasan\S* => (\S+)', listed.stdout)
        if match is None:
            raise BuildError(f'{self.tool} has AddressSanitizer inside, not as a library: Python '
                             'cannot load it. Build it with gcc')
        return match.group(1)

    def write_options(self, folder):
        """AddressSanitizer reads a file that is named after the program, if there is one: so a
        program and the interpreter that it starts can have different options."""
        with open(os.path.join(folder, f'{PYTHON}.asan'), 'w', encoding='ascii') as file:
            file.write(PYTHON_ASAN)
        return f'{ASAN}:include_if_exists={folder}/%b.asan'

    def environment(self, folder, marker, python=False):
        source = os.path.join(TOP, 'imp-remote')
        variables = {
            **os.environ, 'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8',
            'GI_TYPELIB_PATH': prepend('GI_TYPELIB_PATH', self.typelibs),
            'LD_LIBRARY_PATH': prepend('LD_LIBRARY_PATH', self.library),
            'PYTHONPATH': prepend('PYTHONPATH', os.path.join(source, 'bindings')),
            'G_DEBUG': 'fatal-warnings',
        }
        variables.update([marker.split('=')])
        if 'address' in self.sanitizers:
            variables.update({
                'ASAN_OPTIONS': add_options('ASAN_OPTIONS', self.write_options(folder)),
                'LSAN_OPTIONS': f'suppressions={SUPPRESSIONS}:print_suppressions=0',
                'UBSAN_OPTIONS': add_options('UBSAN_OPTIONS', 'print_stacktrace=1'),
                'G_SLICE': 'always-malloc',
            })
            if python:
                variables['LD_PRELOAD'] = prepend('LD_PRELOAD', self.find_runtime())
        return variables
