# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which files the project has, and what kind each is."""

import os

# Kind by ending; scripts without one are known by their first line.
KINDS = {
    '.c': 'c', '.h': 'c', '.h.in': 'c', '.py': 'python', '.js': 'js', '.mjs': 'js',
    '.pl': 'perl', '.pm': 'perl', '.sh': 'shell', '.vala': 'vala', '.md': 'text', '.rst': 'text',
    '.toml.in': 'config',
}
NAMES = {'meson.build': 'config', 'meson_options.txt': 'config', 'Makefile': 'make',
         'rules': 'make'}
INTERPRETERS = {'python3': 'python', 'sh': 'shell', 'bash': 'shell', 'perl': 'perl', 'gjs': 'js'}
# Data for tests: wire cases and fuzzing corpora are bytes, not text.
DATA_FOLDERS = {os.path.join('tests', 'vectors'), os.path.join('tests', 'fuzz', 'corpus')}


class SourceFile:
    """One file: its path from the top, its kind and its text."""

    def __init__(self, path, kind, text):
        self.path = path
        self.kind = kind
        self.text = text
        self.lines = text.split('\n')
        if self.lines[-1] == '':
            self.lines.pop()

    @property
    def room(self):
        """The folder below imp-remote/, or None for what is no part of the library or the tool."""
        parts = self.path.split('/')
        if parts[0] != 'imp-remote':
            return None
        return parts[1] if len(parts) > 2 else ''


def kind_of(path, first_line):
    name = os.path.basename(path)
    if name in NAMES:
        return NAMES[name]
    for ending, kind in KINDS.items():
        if name.endswith(ending):
            return kind
    if first_line.startswith('#!'):
        words = first_line[2:].split()
        return INTERPRETERS.get(os.path.basename(words[-1]) if words else '', 'shell')
    return None


def is_skipped_folder(top, path):
    relative = os.path.relpath(path, top)
    name = os.path.basename(path)
    return (relative in DATA_FOLDERS
            or (name.startswith('.') and name != '.ci')
            or name == '__pycache__'
            or os.path.exists(os.path.join(path, 'meson-private')))


def read_file(top, path):
    """Reads one file; None if it is no source text."""
    try:
        with open(path, encoding='utf-8') as stream:
            text = stream.read()
    except UnicodeDecodeError:
        return None
    relative = os.path.relpath(path, top)
    kind = kind_of(relative, text.split('\n', 1)[0])
    return SourceFile(relative, kind, text) if kind else None


def read_tree(top):
    """Reads all source files below @top, build folders left out."""
    files = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders
                            if not is_skipped_folder(top, os.path.join(folder, name)))
        for name in sorted(names):
            path = os.path.join(folder, name)
            source = None if os.path.islink(path) else read_file(top, path)
            if source:
                files.append(source)
    return files
