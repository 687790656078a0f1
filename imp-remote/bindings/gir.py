# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads of a description of the library (GIR) what descriptions of types for scripts need."""

import dataclasses
import xml.etree.ElementTree as ElementTree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'


@dataclasses.dataclass
class Type:
    name: str          # as GIR has it: utf8, gint, Analyzer, GLib.Bytes; array, list or table
    inner: list        # of arrays, lists and tables
    nullable: bool = False


@dataclasses.dataclass
class Parameter:
    name: str
    type: Type
    is_output: bool = False


@dataclasses.dataclass
class Function:
    name: str
    kind: str          # function, method, constructor, virtual-method or callback
    parameters: list
    result: Type
    has_user_data: bool
    doc: str

    def inputs(self):
        return [parameter for parameter in self.parameters if not parameter.is_output]

    def outputs(self):
        return [parameter for parameter in self.parameters if parameter.is_output]

    def count_required(self):
        """Of the inputs: what may be nothing can be left out at the end."""
        inputs = self.inputs()
        required = len(inputs)
        while required > 0 and inputs[required - 1].type.nullable:
            required -= 1
        return required

    def given(self):
        """The types of what a call gives: the result first, if there is one."""
        results = [] if self.result.name == 'none' else [self.result]
        return results + [parameter.type for parameter in self.outputs()]


@dataclasses.dataclass
class Property:
    name: str
    type: Type
    is_writable: bool
    is_construct_only: bool


@dataclasses.dataclass
class Class:
    name: str
    kind: str          # class, interface or record
    parent: str
    implements: list
    functions: list
    properties: list
    signals: list
    is_abstract: bool
    doc: str


@dataclasses.dataclass
class Enumeration:
    name: str
    is_flags: bool
    members: list
    functions: list
    doc: str


def first_sentence(element):
    text = ' '.join((element.findtext(CORE + 'doc') or '').split('\n\n')[0].split())
    return text if len(text) < 200 else text.split('. ')[0]


def read_type(element):
    """The type of a parameter, a result or a property."""
    nullable = element.get('nullable') == '1' or element.get('allow-none') == '1'
    array = element.find(CORE + 'array')
    if array is not None:
        if array.get('name') == 'GLib.PtrArray':
            return Type('list', [read_type(array)], nullable)
        return Type('array', [read_type(array)], nullable)
    found = element.find(CORE + 'type')
    if found is None:
        return Type('none', [])
    name = found.get('name')
    if name in ('GLib.List', 'GLib.SList'):
        return Type('list', [read_type(found)], nullable)
    if name == 'GLib.HashTable':
        return Type('table', [Type(inner.get('name'), []) for inner in found], nullable)
    return Type(name, [], nullable)


def hidden_positions(elements):
    """Of parameters that scripts do not see: lengths of arrays, user data and what frees it."""
    hidden, closures = set(), set()
    for element in elements:
        array = element.find(CORE + 'array')
        if array is not None and array.get('length') is not None:
            hidden.add(int(array.get('length')))
        for name in ('closure', 'destroy'):
            if element.get(name) is not None:
                (closures if name == 'closure' else hidden).add(int(element.get(name)))
    return hidden, closures


def read_function(element):
    parameters = element.find(CORE + 'parameters')
    elements = parameters.findall(CORE + 'parameter') if parameters is not None else []
    result = element.find(CORE + 'return-value')
    hidden, closures = hidden_positions(elements + [result])
    kept = [Parameter(child.get('name'), read_type(child), child.get('direction') == 'out')
            for position, child in enumerate(elements)
            if position not in hidden | closures]
    kind = element.tag[len(CORE):]
    return Function(element.get('name'), kind, kept, read_type(result), bool(closures),
                    first_sentence(element))


def is_hidden(element):
    return element.get('introspectable') == '0' or element.get('moved-to') is not None


def functions_of(element, *kinds):
    return [read_function(child) for kind in kinds for child in element.findall(CORE + kind)
            if not is_hidden(child) and child.get('name') not in ('ref', 'unref')]


def read_class(element):
    properties = [Property(child.get('name').replace('-', '_'), read_type(child),
                           child.get('writable') == '1', child.get('construct-only') == '1')
                  for child in element.findall(CORE + 'property')]
    return Class(element.get('name'), element.tag[len(CORE):], element.get('parent'),
                 [child.get('name') for child in element.findall(CORE + 'implements')],
                 functions_of(element, 'constructor', 'function', 'method', 'virtual-method'),
                 properties,
                 [read_function(child) for child in element.findall(GLIB + 'signal')],
                 element.get('abstract') == '1', first_sentence(element))


class Namespace:
    def __init__(self, path):
        root = ElementTree.parse(path).getroot().find(CORE + 'namespace')
        self.classes = [read_class(element) for kind in ('interface', 'class', 'record')
                        for element in root.findall(CORE + kind)
                        if not is_hidden(element) and element.get('disguised') != '1'
                        and element.get(GLIB + 'is-gtype-struct-for') is None]
        self.enumerations = [self.read_enumeration(element) for kind in ('enumeration', 'bitfield')
                             for element in root.findall(CORE + kind)]
        self.callbacks = {element.get('name'): read_function(element)
                          for element in root.findall(CORE + 'callback')}
        self.constants = {element.get('name'): read_type(element)
                          for element in root.findall(CORE + 'constant') if not is_hidden(element)}
        # Those that belong to a type are here, too.
        self.functions = [read_function(child) for child in root.findall(CORE + 'function')
                          if child.get('introspectable') != '0']

    @staticmethod
    def read_enumeration(element):
        return Enumeration(element.get('name'), element.tag == CORE + 'bitfield',
                           [member.get('name').upper()
                            for member in element.findall(CORE + 'member')],
                           functions_of(element, 'function'), first_sentence(element))

    def methods_of(self, found):
        """The names of those of a class and of those that it is derived from."""
        names = {function.name for function in found.functions if function.kind == 'method'}
        for other in self.classes:
            if other.name == found.parent:
                names |= self.methods_of(other)
        return names

    def in_order(self):
        """The classes, each behind those that it is derived from."""
        left = {found.name: found for found in self.classes}
        while left:
            for name, found in list(left.items()):
                if found.parent not in left and not set(found.implements) & set(left):
                    yield left.pop(name)
