# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the types of the library for TypeScript and checkers of JavaScript, imp.d.ts.

usage: generate-dts.py GIR. It goes to standard output. Other namespaces are modules that are
imported; the user has types for these.
"""

import sys

import gir

SCALARS = {'gboolean': 'boolean', 'utf8': 'string', 'filename': 'string', 'none': 'void',
           'gpointer': 'unknown', 'GType': 'GObject.GType', 'GLib.Quark': 'number'}
NUMBERS = {'gint', 'guint', 'gint8', 'guint8', 'gint16', 'guint16', 'gint32', 'guint32', 'gint64',
           'guint64', 'gsize', 'gssize', 'gulong', 'glong', 'gdouble', 'gushort'}
RESERVED = {'function', 'in', 'new', 'default', 'delete', 'interface'}
# The answer of these can come later.
MAY_BE_ASYNC = {'data', 'bytes', 'busy'}
ONLY_IN_C = {'query_interfaces_async', 'query_interfaces_finish'}


class Writer:
    def __init__(self, namespace):
        self.namespace = namespace
        self.lines = []

    def type_of(self, kind, is_input=False):
        text = self.bare_type_of(kind, is_input)
        return f'{text} | null' if kind.nullable and text not in ('void', 'unknown') else text

    def bare_type_of(self, kind, is_input):
        if kind.name == 'array' and kind.inner[0].name in ('guint8', 'gchar'):
            return 'Uint8Array | string' if is_input else 'Uint8Array'
        if kind.name in ('array', 'list'):
            return f'({self.type_of(kind.inner[0])})[]'
        if kind.name == 'table':
            return '{[key: string]: string}'
        if kind.name in NUMBERS:
            return 'number'
        if kind.name in self.namespace.callbacks:
            function = self.namespace.callbacks[kind.name]
            result = self.result_of(function).replace('void', 'unknown')
            return f'(({self.parameters_of(function)}) => {result})'
        if kind.name == 'Gio.AsyncReadyCallback':
            return '((source: any, result: any) => unknown)'
        return SCALARS.get(kind.name, kind.name)

    def result_of(self, function):
        outputs = [self.type_of(kind) for kind in function.given()]
        return f'[{", ".join(outputs)}]' if len(outputs) > 1 else (outputs or ['void'])[0]

    def parameters_of(self, function):
        required = function.count_required()
        return ', '.join(
            f'{parameter.name}{"_" if parameter.name in RESERVED else ""}'
            f'{"" if position < required else "?"}: {self.type_of(parameter.type, True)}'
            for position, parameter in enumerate(function.inputs()))

    def put(self, line, doc='', indent='    '):
        if doc:
            self.lines.append(f'{indent}/** {doc.replace("*/", "* /")} */')
        self.lines.append(indent + line)

    def put_function(self, function):
        self.put(f'function {function.name}({self.parameters_of(function)}): '
                 f'{self.result_of(function)};', function.doc)

    def put_member(self, function, owner):
        if function.kind == 'virtual-method':
            self.put_virtual_function(function)
            return
        result = owner.name if function.kind == 'constructor' else self.result_of(function)
        static = '' if function.kind == 'method' else 'static '
        for other in self.same_in_parents(function, owner):
            self.put(f'static {other.name}({self.parameters_of(other)}): {owner.parent};', '',
                     '        ')
        self.put(f'{static}{function.name}({self.parameters_of(function)}): {result};',
                 function.doc, '        ')

    def same_in_parents(self, function, owner):
        """What TypeScript takes for the same: static functions are inherited there."""
        return [] if function.kind == 'method' or function.name == 'new' else [
            other for parent in self.namespace.classes if parent.name == owner.parent
            for other in parent.functions if other.name == function.name]

    def put_virtual_function(self, function):
        if function.name in ONLY_IN_C:
            return
        result = self.result_of(function)
        if function.result.name == 'gboolean':
            outputs = [self.type_of(parameter.type) for parameter in function.outputs()]
            result += ' | void' + (f' | [{", ".join(outputs)}]' if outputs else '')
        if function.name in MAY_BE_ASYNC:
            result += ' | Promise<boolean | void>'
        self.put(f'vfunc_{function.name}({self.parameters_of(function)}): {result};', function.doc,
                 '        ')

    def put_class(self, found):
        base = f' extends {found.parent}' if found.parent else ''
        self.put(f'class {found.name}{base} {{', found.doc)
        self.put('static $gtype: GObject.GType;', '', '        ')
        if found.kind == 'class':
            texts = [f'{own.name}?: {self.type_of(own.type, True)}' for own in found.properties
                     if own.is_writable]
            self.put(f'constructor(properties?: {{{", ".join(texts + ["[name: string]: any"])}}});',
                     '', '        ')
        methods = self.namespace.methods_of(found)
        for own in found.properties:
            if own.name not in methods:
                self.put(f'{own.name}: {self.type_of(own.type)};', '', '        ')
        for function in found.functions:
            self.put_member(function, found)
        self.put('}')

    def put_enumeration(self, found):
        self.put(f'enum {found.name} {{', found.doc)
        for name in found.members:
            self.put(f'{name},', '', '        ')
        self.put('}')

    def write(self):
        self.lines += ['// Made from Imp-1.gir.', "declare module 'gi://Imp?version=1' {",
                       "import Gio from 'gi://Gio';", "import GLib from 'gi://GLib';",
                       "import GObject from 'gi://GObject';", 'namespace Imp {']
        for name, kind in self.namespace.constants.items():
            self.put(f'const {name}: {self.type_of(kind)};')
        for function in self.namespace.functions:
            self.put_function(function)
        for found in self.namespace.enumerations:
            self.put_enumeration(found)
        for found in self.namespace.in_order():
            self.put_class(found)
        return '\n'.join([*self.lines, '}', 'export default Imp;', '}']) + '\n'


sys.stdout.write(Writer(gir.Namespace(sys.argv[1])).write())
