#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference describes all that users can call, implement or set, shows nothing internal, and
says the defaults that the library has."""

import sys
import unittest
from xml.etree import ElementTree

import gi
gi.require_version('Imp', '1')
from gi.repository import GObject, Imp

CORE = '{http://www.gtk.org/introspection/core/1.0}'
SIGNAL = '{http://www.gtk.org/introspection/glib/1.0}signal'
GIR = sys.argv.pop(1)
TYPES = [CORE + tag for tag in ('class', 'interface', 'record', 'enumeration', 'bitfield',
                                'callback', 'constant', 'function')]
PARTS = [CORE + tag for tag in ('constructor', 'function', 'method', 'virtual-method', 'property',
                                'member')] + [SIGNAL]
# There is no useful default: they have to be given.
REQUIRED = 'none'


def read_namespace():
    return ElementTree.parse(GIR).getroot().find(CORE + 'namespace')


def is_class_struct(element):
    return '{http://www.gtk.org/introspection/glib/1.0}is-gtype-struct-for' in element.attrib


def is_described(element):
    text = element.findtext(CORE + 'doc')
    return text is not None and text.strip() != ''


def list_undescribed_values(function, name):
    """Which parameters, and whether what is returned."""
    for parameter in function.iterfind(f'{CORE}parameters/{CORE}parameter'):
        if not is_described(parameter):
            yield f'{name}: {parameter.get("name")}'
    returned = function.find(CORE + 'return-value')
    if returned is not None and not is_described(returned):
        kind = returned.find(CORE + 'type')
        if kind is None or kind.get('name') != 'none':
            yield f'{name}: what it returns'


def list_undescribed(namespace):
    for element in namespace:
        if element.tag not in TYPES or is_class_struct(element):
            continue
        name = element.get('name')
        if not is_described(element):
            yield name
        yield from list_undescribed_values(element, name)
        for part in element:
            if part.tag not in PARTS:
                continue
            full = f'{name}.{part.get("name")}'
            if not is_described(part):
                yield full
            yield from list_undescribed_values(part, full)


def say_default(spec):
    """A default as the reference writes it: as C does."""
    value = getattr(spec, 'default_value', None)
    kind = spec.value_type
    if kind.is_a(GObject.TYPE_BOOLEAN):
        return str(bool(value)).upper()
    if kind.is_a(GObject.TYPE_ENUM):
        return value.value_name
    if kind.is_a(GObject.TYPE_FLAGS):
        return '|'.join(value.value_names)
    if value is None:
        return 'NULL'
    if kind.is_a(GObject.TYPE_STRING):
        return f'"{value}"'
    # The mode of a file.
    return f'0{value:o}' if spec.name == 'socket-mode' else str(value)


class Reference(unittest.TestCase):
    def setUp(self):
        self.namespace = read_namespace()

    def test_all_is_described(self):
        self.assertEqual(list(list_undescribed(self.namespace)), [])

    def test_what_is_not_described_is_found(self):
        for path in (f'{CORE}class[@name="Analyzer"]/{CORE}virtual-method[@name="data"]',
                     f'{CORE}class[@name="Server"]/{SIGNAL}',
                     f'{CORE}class[@name="Server"]/{CORE}property',
                     f'{CORE}class[@name="Filter"]/{CORE}method/{CORE}parameters/{CORE}parameter',
                     f'{CORE}enumeration/{CORE}member'):
            namespace = read_namespace()
            element = namespace.find(path)
            element.remove(element.find(CORE + 'doc'))
            with self.subTest(path=path):
                self.assertEqual(len(list(list_undescribed(namespace))), 1)

    def test_nothing_internal_is_shown(self):
        """What bindings cannot implement is no virtual function to them, and padding is private."""
        shown = [f'{element.get("name")}.{function.get("name")}' for element in self.namespace
                 for function in element.iterfind(CORE + 'virtual-method')
                 if function.get('introspectable') == '0']
        shown += [f'{element.get("name")}.{field.get("name")}' for element in self.namespace
                  for field in element.iterfind(CORE + 'field')
                  if field.get('name') in ('internal', 'numbered', 'padding', 'proxy')
                  and field.get('private') != '1']
        self.assertEqual(shown, [])
        structs = {element.get('name'): element for element in self.namespace.iterfind(
            CORE + 'record')}
        names = [field.get('name') for field in structs['FactoryClass'].iterfind(CORE + 'field')]
        self.assertIn('create_analyzer', names)
        self.assertNotIn('create_packed', names)


class Defaults(unittest.TestCase):
    def list_properties(self):
        for element in read_namespace().iterfind(CORE + 'class'):
            kind = getattr(Imp, element.get('name'))
            specs = {spec.name: spec for spec in GObject.list_properties(kind)}
            for said in element.iterfind(CORE + 'property'):
                yield kind, specs[said.get('name')], said

    @staticmethod
    def get_said(element):
        found = element.find(f'{CORE}attribute[@name="org.gtk.Property.default"]')
        return None if found is None else found.get('value')

    def test_defaults_are_said(self):
        count = 0
        for kind, spec, element in self.list_properties():
            if not spec.flags & GObject.ParamFlags.WRITABLE:
                continue
            count += 1
            said = self.get_said(element)
            with self.subTest(property=f'{kind.__name__}:{spec.name}'):
                if said == REQUIRED:
                    self.assertTrue(spec.flags & (GObject.ParamFlags.CONSTRUCT
                                                  | GObject.ParamFlags.CONSTRUCT_ONLY))
                    # What has a default of its own is not required.
                    self.assertIn(say_default(spec), ('NULL', 'G_TYPE_NONE', 'void'))
                else:
                    self.assertEqual(said, say_default(spec))
        self.assertGreater(count, 150)

    def test_objects_have_them(self):
        """A class that sets something else when it is made would belie its parameter."""
        made = {}
        for kind in (Imp.Framer, Imp.HttpAnalyzer, Imp.Rewriter, Imp.PatternFactory,
                     Imp.PinningFactory, Imp.RemoteFactory, Imp.Server):
            made[kind] = GObject.new(type('Sub' + kind.__name__, (kind,), {})
                                     if kind in (Imp.Framer, Imp.HttpAnalyzer, Imp.Rewriter)
                                     else kind)
        count = 0
        for kind, spec, element in self.list_properties():
            if kind not in made or not spec.flags & GObject.ParamFlags.READABLE:
                continue
            default = getattr(spec, 'default_value', None)
            with self.subTest(property=f'{kind.__name__}:{spec.name}'):
                if self.get_said(element) not in (None, REQUIRED):
                    value = made[kind].get_property(spec.name)
                    # A list of nothing is NULL, and empty in Python.
                    self.assertEqual(None if value == [] else value, default)
                    count += 1
        self.assertGreater(count, 50)


if __name__ == '__main__':
    unittest.main(verbosity=2)
