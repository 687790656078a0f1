# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets classes that are written in Python fail as loudly as those written in C.

PyGObject carries nothing but GLib.Error out of a virtual function: every other exception is printed
and forgotten, and the caller sees a failure without a reason. So the virtual functions of a class
that is derived from one of Imp's are wrapped when the class is made:

- an exception becomes a GLib.Error of Imp.Error.FATAL with its type and text, and its traceback is
  printed;
- None, where True is meant, is True: who reaches the end of do_data() has not failed;
- a method do_NAME that is no virtual function is refused, since it would never be called.

A class may have any name and any module: what does not go into the name of a GType is replaced.
"""

import difflib
import functools
import itertools
import re
import sys

from gi.module import get_introspection_module
from gi.overrides import override
from gi.repository import GLib, GObject

Imp = get_introspection_module('Imp')

_DIRECTION_IN = 0
_FATAL = int(Imp.Error.FATAL)


def _as_glib_error(error):
    """The GLib.Error that carries an exception to the provider."""
    if isinstance(error, GLib.Error):
        return error
    own_frame = error.__traceback__
    sys.excepthook(type(error), error, own_frame.tb_next or own_frame)
    name = type(error).__name__
    text = str(error)
    return GLib.Error.new_literal(Imp.error_quark(), f'{name}: {text}' if text else name, _FATAL)


def _neutral_outputs(info):
    """What is given back besides True if nothing is: None for an object, 0 for a number."""
    outputs = [argument for argument in info.get_arguments()
               if argument.get_direction() != _DIRECTION_IN]
    return tuple(None if argument.get_type().get_tag_as_string() == 'interface' else 0
                 for argument in outputs)


def _complete(value, neutral):
    """Puts True where a virtual function left its success out."""
    if value is None:
        return (True, *neutral) if neutral else True
    if neutral and isinstance(value, tuple) and len(value) == len(neutral):
        return (True, *value)
    return value


def _wrap(function, info):
    is_boolean = info.get_return_type().get_tag_as_string() == 'gboolean'
    neutral = _neutral_outputs(info)

    @functools.wraps(function)
    def wrapped(*arguments):
        try:
            value = function(*arguments)
        except Exception as error:
            raise _as_glib_error(error) from None
        return _complete(value, neutral) if is_boolean else value

    wrapped.imp_wrapped = True
    return wrapped


def _native_types(cls):
    """The types among the bases that introspection describes."""
    return [base for base in cls.__mro__
            if '__info__' in base.__dict__ and hasattr(base.__info__, 'get_vfuncs')]


def _virtual_functions(cls):
    """The virtual functions that a class may implement, by the names that Python gives them."""
    found = {}
    for base in reversed(_native_types(cls)):
        for info in base.__info__.get_vfuncs():
            found[f'do_{info.get_name()}'] = info
    return found


def _signal_handlers(cls):
    """The default handlers of signals, which are called do_SIGNAL too."""
    names = set()
    for base in cls.__mro__:
        names |= set(base.__dict__.get('__gsignals__', {}))
        names |= {value if isinstance(value, str) and str(value) else name
                  for name, value in base.__dict__.items() if isinstance(value, GObject.Signal)}
        gtype = base.__dict__.get('__gtype__')
        if gtype is not None and gtype.is_a(GObject.TYPE_OBJECT):
            names |= set(GObject.signal_list_names(gtype))
    return {'do_' + name.replace('-', '_') for name in names}


def _check_name(cls, name, known):
    if name in known or name in _signal_handlers(cls):
        return
    bare = [other[len('do_'):] for other in known]
    near = difflib.get_close_matches(name[len('do_'):], bare, 1)
    hint = f'did you mean do_{near[0]}()?' if near else f'there are {", ".join(sorted(known))}'
    raise TypeError(f'{cls.__name__}.{name}() is no virtual function and would never be called; '
                    f'{hint}')


def _is_registered(name):
    try:
        GObject.type_from_name(name)
    except RuntimeError:
        return False
    return True


def _name_type(cls):
    """Names the GType where PyGObject would make a name of the class's that GObject refuses."""
    wanted = f'{cls.__module__}.{cls.__name__}'.replace('.', '+')
    name = re.sub(r'^(?=[^A-Za-z_])', '_', re.sub(r'[^0-9A-Za-z_+-]', '_', wanted))
    if name == wanted or '__gtype_name__' in cls.__dict__:
        return
    names = itertools.chain([name], (f'{name}-v{number}' for number in itertools.count(2)))
    cls.__gtype_name__ = next(name for name in names if not _is_registered(name))


def _adopt(cls):
    """Checks and wraps the virtual functions that a class in Python implements."""
    if cls.__module__.startswith('gi.'):
        return
    _name_type(cls)
    known = _virtual_functions(cls)
    for name, function in list(cls.__dict__.items()):
        if not name.startswith('do_') or not callable(function):
            continue
        _check_name(cls, name, known)
        info = known.get(name)
        if info is not None and info.can_throw_gerror() and not hasattr(function, 'imp_wrapped'):
            setattr(cls, name, _wrap(function, info))


class Analyzer(Imp.Analyzer):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)


class Factory(Imp.Factory):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)


class Codec(Imp.Codec):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)


Analyzer = override(Analyzer)
Factory = override(Factory)
Codec = override(Codec)
__all__ = ['Analyzer', 'Factory', 'Codec']
