# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the types of the library for checkers of Python, Imp.pyi.

usage: generate-pyi.py GIR. It goes to standard output. What the override of PyGObject adds or takes
is in here, too; tests/bindings/test_types.py compares it with what is there.
"""

import keyword
import sys

import gir

SCALARS = {'gboolean': 'bool', 'gdouble': 'float', 'utf8': 'str', 'filename': 'str', 'none': 'None',
           'gpointer': 'object', 'GType': 'type', 'GLib.Quark': 'int', 'guint8': 'int'}
INTEGERS = {'gint', 'guint', 'gint8', 'gint16', 'guint16', 'gint32', 'guint32', 'gint64', 'guint64',
            'gsize', 'gssize', 'gulong', 'glong', 'gushort'}
FOREIGN = 'from gi.repository import Gio, GLib, GObject'
# What cannot be left out, beyond what the constructor says.
ALTERNATIVES = {'RemoteFactory'}
CLOSING = ('Analyzer', 'Filter', 'Server', 'RemoteFactory', 'RecordingWriter', 'Shadow')
# Signatures that the override changes.
CHANGED = {
    'Analyzer.data': 'self, direction: Direction, data: bytes | GLib.Bytes, offset: int = ..., '
                     'data_type: int = ...',
    'Analyzer.data_bytes': 'self, direction: Direction, data: bytes, offset: int = ..., '
                           'data_type: int = ...',
    'Filter.push': 'self, direction: Direction, data: bytes | GLib.Bytes, data_type: int = ...',
    'Filter.push_bytes': 'self, direction: Direction, data: bytes, data_type: int = ...',
    'TypeFactory.new': 'cls, analyzer_type: type, data_type: int | None = ..., '
                       'results: ResultFlags | None = ...',
    'Result.new_replace': 'direction: Direction, offset: int, data: bytes | GLib.Bytes',
    'Result.new_to_sender': 'direction: Direction, data: bytes | GLib.Bytes',
}
# Functions that mean something else than those of the same name in the class above.
DIFFERENT = {'TypeFactory.new_from_settings'}
# Virtual functions that cannot be implemented in Python.
ONLY_IN_C = {'query_interfaces_async', 'query_interfaces_finish', 'query_statuses_async',
             'query_statuses_finish'}


class Writer:
    def __init__(self, namespace):
        self.namespace = namespace
        self.lines = []

    # ---- types ----

    def type_of(self, kind, is_input=False):
        text = self.bare_type_of(kind, is_input)
        return f'{text} | None' if kind.nullable and text not in ('None', 'object') else text

    def bare_type_of(self, kind, is_input):
        if kind.name == 'array' and kind.inner[0].name in ('guint8', 'gchar'):
            return 'bytes'
        if kind.name in ('array', 'list'):
            inner = self.type_of(kind.inner[0])
            return f'Sequence[{inner}]' if is_input else f'list[{inner}]'
        if kind.name == 'table':
            inner = ', '.join(self.bare_type_of(part, is_input) for part in kind.inner)
            return f'Mapping[{inner}]' if is_input else f'dict[{inner}]'
        if kind.name in INTEGERS:
            return 'int'
        if kind.name in self.namespace.callbacks:
            return self.callback_type(self.namespace.callbacks[kind.name])
        if kind.name == 'Gio.AsyncReadyCallback':
            return 'Callable[..., object]'
        if kind.name == 'GLib.DestroyNotify':
            return 'Callable[[], object]'
        return SCALARS.get(kind.name, kind.name)

    def callback_type(self, function):
        inputs = ', '.join(self.type_of(parameter.type) for parameter in function.inputs())
        result = self.result_of(function)
        return f'Callable[[{inputs}], {"object" if result == "None" else result}]'

    def result_of(self, function):
        outputs = [self.type_of(kind) for kind in function.given()]
        if len(outputs) > 1:
            return f'tuple[{", ".join(outputs)}]'
        return outputs[0] if outputs else 'None'

    # ---- functions ----

    @staticmethod
    def name_of(name):
        return name + '_' if keyword.iskeyword(name) else name

    def parameters_of(self, function):
        texts = []
        required = function.count_required()
        for position, parameter in enumerate(function.inputs()):
            default = '' if position < required else ' = ...'
            texts.append(f'{self.name_of(parameter.name)}: '
                         f'{self.type_of(parameter.type, True)}{default}')
        if function.has_user_data:
            texts.append('*user_data: object')
        return texts

    def put(self, line, doc='', indent=''):
        if not doc:
            self.lines.append(f'{indent}{line} ...')
            return
        quoted = doc.replace('\\', '\\\\').replace('"""', "'''")
        self.lines += [f'{indent}{line}', f'{indent}    """{quoted}"""']

    def put_function(self, function, owner=None):
        name = self.name_of(function.name)
        result = self.result_of(function)
        parameters = self.parameters_of(function)
        indent = '    ' if owner else ''
        if owner and function.kind == 'method':
            parameters.insert(0, 'self')
        elif owner and function.kind == 'constructor':
            self.lines.append('    @classmethod')
            parameters.insert(0, 'cls')
            result = owner.name
        elif owner:
            self.lines.append('    @staticmethod')
        text = ', '.join(parameters)
        changed = CHANGED.get(f'{owner.name}.{name}') if owner else None
        if changed:
            text = changed if 'cls' in changed or 'self' in changed or '@staticmethod' in (
                self.lines[-1]) else 'cls, ' + changed
        ignored = '  # type: ignore[override]' if owner and (
            f'{owner.name}.{name}' in DIFFERENT) else ''
        self.put(f'def {name}({text}) -> {result}:{ignored}', function.doc, indent)

    def put_virtual_function(self, function):
        inputs = ''.join(f', {self.name_of(parameter.name)}: {self.type_of(parameter.type)}'
                         for parameter in function.inputs())
        outputs = [self.type_of(parameter.type) for parameter in function.outputs()]
        result = self.result_of(function)
        if function.result.name == 'gboolean':
            # Nothing is as good as True.
            result = f'{result} | None'
            if outputs:
                result += f' | tuple[{", ".join(outputs)}]'
        elif function.result.name not in ('none', 'list') and '| None' not in result:
            result += ' | None'
        slash = ', /' if inputs else ''
        self.put(f'def do_{function.name}(self{inputs}{slash}) -> {result}:', function.doc, '    ')

    # ---- classes ----

    def required_of(self, found):
        if found.name in ALTERNATIVES:
            return set()
        only = {own.name for own in found.properties if own.is_construct_only}
        return {parameter.name for function in found.functions
                if function.kind == 'constructor' and function.name == 'new'
                for parameter in function.inputs()
                if parameter.name in only and not parameter.type.nullable
                and parameter.type.name[0].isupper()}

    def put_constructor(self, found):
        if found.is_abstract or not found.properties:
            self.put('def __init__(self, **properties: Any) -> None:', '', '    ')
            return
        required = self.required_of(found)
        texts = [f'{own.name}: {self.type_of(own.type, True)}' + (
                 '' if own.name in required else ' = ...')
                 for own in found.properties if own.is_writable]
        if texts:
            self.put(f'def __init__(self, *, {", ".join(texts)}, **properties: Any) -> None:', '',
                     '    ')

    def put_class(self, found):
        bases = [found.parent] if found.parent else []
        bases += found.implements
        if found.kind == 'interface':
            bases = ['GObject.GInterface']
        if found.kind == 'record':
            bases = ['GObject.GBoxed']
        self.lines += ['', '', f'class {found.name}({", ".join(bases)}):',
                       f'    """{found.doc}"""' if found.doc else '    ...']
        if found.kind == 'class':
            self.put_constructor(found)
        methods = self.namespace.methods_of(found)
        for own in found.properties:
            if own.name in methods:
                continue   # Python has the method; the property is in props
            self.lines.append(f'    {own.name}: {self.type_of(own.type)}')
        if found.kind == 'class':
            self.lines.append('    props: Any')
        if found.name in CLOSING:
            self.put(f'def __enter__(self: Self{found.name}) -> Self{found.name}:', '', '    ')
            self.put('def __exit__(self, kind: object, error: object, trace: object) -> None:', '',
                     '    ')
        for function in found.functions:
            if function.kind != 'virtual-method':
                self.put_function(function, found)
        for function in found.functions:
            if function.kind == 'virtual-method' and function.name not in ONLY_IN_C:
                self.put_virtual_function(function)

    def put_enumeration(self, found):
        base = 'GObject.GFlags' if found.is_flags else 'GObject.GEnum'
        self.lines += ['', '', f'class {found.name}({base}):']
        if found.doc:
            self.lines.append(f'    """{found.doc}"""')
        self.lines += [f'    {self.name_of(name)}: {found.name}' for name in found.members]
        if found.is_flags:
            for operator in ('or', 'and', 'xor'):
                self.put(f'def __{operator}__(self, other: int) -> {found.name}:', '', '    ')
        for function in found.functions:
            self.put_function(function, found)

    def write(self):
        self.lines += ['# Made from Imp-1.gir.', 'from collections.abc import Callable, Mapping, '
                       'Sequence', 'from typing import Any, TypeVar', '', FOREIGN, '']
        self.lines += [f"Self{name} = TypeVar('Self{name}', bound='{name}')" for name in CLOSING]
        self.lines.append('')
        self.lines += [f'{name}: {self.type_of(kind)}'
                       for name, kind in self.namespace.constants.items()]
        for function in self.namespace.functions:
            self.put_function(function)
        for found in self.namespace.enumerations:
            self.put_enumeration(found)
        for found in self.namespace.in_order():
            self.put_class(found)
        return '\n'.join(self.lines) + '\n'


sys.stdout.write(Writer(gir.Namespace(sys.argv[1])).write())
