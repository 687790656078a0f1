# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets classes that are written in Python fail as loudly as those written in C.

PyGObject carries nothing but GLib.Error out of a virtual function that can give an error; every
other exception is printed and forgotten, as are all of constructors, properties, callbacks and
virtual functions that cannot give one. An analyzer that failed would then look like one that
agrees. So the classes that are derived from Imp's are looked at when they are made:

- an exception in a virtual function becomes a GLib.Error of Imp.Error.FATAL with its type and text,
  and its traceback is printed;
- where no error can be given, in a constructor, a property, do_close() and the like, an exception
  makes the object fail (Imp.Analyzer.fail(), Imp.Factory.fail()), as does a constructor that does
  not call super().__init__();
- an exception in a function that takes results or output makes the analyzer or the filter fail;
- None, where True is meant, is True: who reaches the end of do_data() has not failed; in
  do_ignores() it is False, since nobody is left uninspected by an oversight, and in do_authorize()
  as well, since nobody is let in by one;
- coroutines and generators are refused, since nobody would run them;
- a method do_NAME that is no virtual function is refused, since it would never be called, and so
  is do_bytes() beside do_data().

A class may have any name and any module: what does not go into the name of a GType is replaced.

And it lets the library feel at home in Python: results and interfaces compare and print by what
they say, data are bytes and a stream unless said otherwise, `with` closes what has to be closed,
and an object is not made without what it cannot do without.
"""

import difflib
import functools
import inspect
import itertools
import re
import sys

from gi import _propertyhelper
from gi.module import get_introspection_module
from gi.overrides import override
from gi.repository import GLib, GObject

Imp = get_introspection_module('Imp')

_DIRECTION_IN = 0
_FATAL = int(Imp.Error.FATAL)
_STREAM = Imp.DATA_TYPE_STREAM
_GOBJECT = GObject.Object.__mro__[-2]
_SET = _propertyhelper.Property.__set__.__code__
# These do what they always do, wherever they come from.
_EXITS = (SystemExit, KeyboardInterrupt)


# ---- what went wrong, in words ----

def _describe(error):
    """The type and the text of an exception, as text that can go to C."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:  # an exception that cannot say what it is about is no less an exception
        text = ''
    whole = f'{name}: {text}' if text else name
    return whole.replace('\0', '\\0').encode('utf-8', 'backslashreplace').decode()


def _print(error):
    own_frame = error.__traceback__
    sys.excepthook(type(error), error, own_frame and own_frame.tb_next or own_frame)


def _as_glib_error(error):
    """The GLib.Error that carries an exception to the provider."""
    if isinstance(error, GLib.Error):
        return error
    _print(error)
    return GLib.Error.new_literal(Imp.error_quark(), _describe(error), _FATAL)


def _mark_failed(self, name, error):
    """Lets an object fail, where C expects no error and would go on."""
    reason = f'{type(self).__name__}.{name} failed: {_describe(error)}'
    try:
        if isinstance(self, Imp.Analyzer):
            Imp.Analyzer.fail(self, reason)
        elif isinstance(self, Imp.Factory):
            Imp.Factory.fail(self, reason)
        else:
            self.imp_failure = reason
    except RuntimeError:
        # It is no object yet, so that nothing but the exception is there, and that goes on.
        pass


# ---- what nobody would run ----

def _is_deferred(function):
    """Does calling it run nothing of it yet?"""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = getattr(type(function), '__call__', function)
    return (inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function)
            or inspect.isasyncgenfunction(function))


def _refuse_deferred(name, function):
    if _is_deferred(function):
        raise TypeError(f'{name}() is a coroutine or a generator, which nothing would run; write '
                        'an ordinary function, which may answer later')


def _check_ran(name, value):
    """Refuses what an ordinary function got from a coroutine or a generator that it called."""
    if inspect.isawaitable(value) or inspect.isgenerator(value) or inspect.isasyncgen(value):
        close = getattr(value, 'close', None)
        if close is not None:
            close()
        raise TypeError(f'{name}() returned a {type(value).__name__}, which nothing would run')


# ---- virtual functions ----

# What they have to return, besides None, which stands for a failure without a reason.
_KINDS = {
    'do_create_analyzer': ('Imp.Analyzer', Imp.Analyzer),
    'do_set_interface': ('Imp.Factory', Imp.Factory),
    'do_encode': ('GLib.Bytes', GLib.Bytes),
    'do_list_interfaces': ('list', list),
    'do_list_statuses': ('list', list),
    'do_get_name': ('str', str),
}


# Those of an analyzer that get its input, of which it has one.
_INPUTS = {'do_data', 'do_bytes'}
# None is no "yes" here.
_FALSE_BY_DEFAULT = {'do_ignores', 'do_authorize'}


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


def _check_kind(name, value):
    wanted, kind = _KINDS[name]
    if not isinstance(value, kind):
        raise TypeError(f'{name}() returned {value!r}, which is no {wanted}')


def _silent_failure(whole_name):
    """The error for what returns False, which C would name in C's words."""
    return GLib.Error.new_literal(Imp.error_quark(), f'{whole_name}() failed without saying why',
                                  _FATAL)


def _check_earlier(self):
    """Raises what went wrong before, in an object that cannot fail by itself."""
    failure = getattr(self, 'imp_failure', None)
    if failure is not None:
        raise RuntimeError(failure)


def _wrap_throwing(function, name, whole_name, info):
    """For a virtual function that can give an error."""
    is_boolean = (info.get_return_type().get_tag_as_string() == 'gboolean'
                  and name not in _FALSE_BY_DEFAULT)
    neutral = _neutral_outputs(info)
    is_codec = info.get_container().get_name() == 'Codec'

    @functools.wraps(function)
    def wrapped(self, *arguments):
        try:
            if is_codec:
                _check_earlier(self)
            value = function(self, *arguments)
            if value is None or value is True:
                return _complete(value, neutral) if is_boolean else value
            _check_ran(whole_name, value)
            if name in _KINDS:
                _check_kind(name, value)
        except _EXITS:
            raise
        except BaseException as error:
            raise _as_glib_error(error) from None
        if value is False and is_boolean:
            raise _silent_failure(whole_name)
        return _complete(value, neutral) if is_boolean else value

    return wrapped


def _wrap_input(function, whole_name):
    """The same for one that gets each piece of input, where every look-up counts."""
    @functools.wraps(function)
    def wrapped(self, direction, data, offset, data_type, last=None):
        # From C, PyGObject gives the length of an array behind it; a derived class does not.
        if last is not None:
            offset, data_type = data_type, last
        try:
            value = function(self, direction, data, offset, data_type)
            if value is None or value is True:
                return True
            _check_ran(whole_name, value)
        except _EXITS:
            raise
        except BaseException as error:
            raise _as_glib_error(error) from None
        if value is False:
            raise _silent_failure(whole_name)
        return value

    return wrapped


def _wrap_silent(function, name, whole_name, neutral):
    """For one that cannot. `neutral` makes what it returns if it fails."""
    @functools.wraps(function)
    def wrapped(self, *arguments):
        try:
            value = function(self, *arguments)
            if value is not None:
                _check_ran(whole_name, value)
                if name in _KINDS:
                    _check_kind(name, value)
            return value
        except _EXITS:
            raise
        except BaseException as error:
            _print(error)
            _mark_failed(self, name, error)
            return neutral(self, *arguments)

    return wrapped


def _wrap_property_setter(function):
    """do_set_property(): an assignment in Python gets the exception, everything else a failure."""
    @functools.wraps(function)
    def wrapped(self, spec, value):
        try:
            function(self, spec, value)
        except _EXITS:
            raise
        except BaseException as error:
            own = getattr(type(self), spec.name.replace('-', '_'), None)
            if isinstance(own, _propertyhelper.Property) and sys._getframe(1).f_code is _SET:
                own._exc = error
                return
            _print(error)
            _mark_failed(self, f'{spec.name} (property)', error)

    return wrapped


def _nothing(_self, *_arguments):
    return None


# What is returned by one that cannot fail and has failed.
_NEUTRAL = {
    'do_get_property': lambda _self, spec: spec.default_value,
    'do_list_interfaces': lambda _self: [],
    'do_list_statuses': lambda _self: [],
}
# Of what is GObject's own, PyGObject calls only these.
_OF_OBJECTS = {'do_get_property', 'do_notify', 'do_set_property'}
# They hand a callback on, and nobody would be called if they failed.
_ONLY_IN_C = {'do_query_interfaces_async', 'do_query_interfaces_finish'}


def _wrap(cls, name, function, info):
    whole_name = f'{cls.__name__}.{name}'
    if name == 'do_set_property':
        wrapped = _wrap_property_setter(function)
    elif name in _INPUTS:
        wrapped = _wrap_input(function, whole_name)
    elif info.can_throw_gerror():
        wrapped = _wrap_throwing(function, name, whole_name, info)
    else:
        wrapped = _wrap_silent(function, name, whole_name, _NEUTRAL.get(name, _nothing))
    wrapped.imp_wrapped = True
    return wrapped


# ---- constructors ----

def _check_constructed(self):
    if not getattr(self, 'imp_constructed', False):
        raise TypeError(f'{type(self).__name__}.__init__() does not call super().__init__()')


def _wrap_constructor(function):
    """__init__(): PyGObject prints what it raises, and uses the object nevertheless."""
    @functools.wraps(function)
    def wrapped(self, *arguments, **named):
        is_last = type(self).__init__ is wrapped
        try:
            value = function(self, *arguments, **named)
            if value is not None:
                raise TypeError(f'__init__() should return None, not {type(value).__name__}')
            if is_last:
                _check_constructed(self)
        except BaseException as error:
            if is_last:
                _mark_failed(self, '__init__', error)
            raise

    wrapped.imp_wrapped = True
    return wrapped


def _is_native(cls):
    """Is it a class of PyGObject's, or one of those below?"""
    return cls is object or cls.__module__.startswith('gi.')


def _owner(cls, name):
    """The class that an attribute comes from."""
    return next(base for base in cls.__mro__ if name in base.__dict__)


def _adopt_constructor(cls):
    if not _is_native(_owner(cls, '__new__')):
        raise TypeError(f'{cls.__name__}.__new__() would not be called where the library makes the '
                        'object; use __init__()')
    function = cls.__init__
    if not _is_native(_owner(cls, '__init__')) and not hasattr(function, 'imp_wrapped'):
        _refuse_deferred(f'{cls.__name__}.__init__', function)
        type.__setattr__(cls, '__init__', _wrap_constructor(function))


# ---- classes ----

def _native_types(cls):
    """The types among the bases that introspection describes."""
    return [base for base in cls.__mro__
            if '__info__' in base.__dict__ and hasattr(base.__info__, 'get_vfuncs')]


def _virtual_functions(cls):
    """The virtual functions that a class may implement, by the names that Python gives them."""
    found = {}
    for base in reversed(_native_types(cls)):
        for info in base.__info__.get_vfuncs():
            name = f'do_{info.get_name()}'
            if info.get_container().get_namespace() != 'GObject' or name in _OF_OBJECTS:
                found[name] = info
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
    if name in _ONLY_IN_C and issubclass(cls, Imp.Factory):
        raise TypeError(f'{cls.__name__}.{name}() cannot be implemented in Python')
    if name in known or name in _signal_handlers(cls):
        return
    bare = [other[len('do_'):] for other in known]
    near = difflib.get_close_matches(name[len('do_'):], bare, 1)
    hint = f'did you mean do_{near[0]}()?' if near else f'there are {", ".join(sorted(known))}'
    raise TypeError(f'{cls.__name__}.{name}() is no virtual function and would never be called; '
                    f'{hint}')


def _check_inputs(cls):
    # Those that are derived from an analyzer in C have its function for data.
    has_data = issubclass(cls, (Imp.Rewriter, Imp.Framer, Imp.HttpAnalyzer))
    if (all(not _is_native(_owner(cls, name)) for name in _INPUTS)
            or has_data and not _is_native(_owner(cls, 'do_bytes'))):
        raise TypeError(f'{cls.__name__}.do_bytes() would never be called beside do_data(); '
                        'implement one of them')


def _implemented(cls):
    """What a class implements itself, or has from a base of plain Python, which nobody asks."""
    names = {name for base in cls.__mro__ if not _is_native(base) for name in base.__dict__
             if name.startswith('do_')}
    for name in names:
        owner = _owner(cls, name)
        if callable(owner.__dict__[name]) and (owner is cls or not issubclass(owner, _GOBJECT)):
            yield name, owner.__dict__[name]


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
    """Checks and wraps what a class in Python implements."""
    if _is_native(cls):
        return
    _name_type(cls)
    known = _virtual_functions(cls)
    for name, function in _implemented(cls):
        _check_name(cls, name, known)
        _refuse_deferred(f'{cls.__name__}.{name}', function)
        if name in known and not hasattr(function, 'imp_wrapped'):
            type.__setattr__(cls, name, _wrap(cls, name, function, known[name]))
    if issubclass(cls, (Imp.Analyzer, Imp.Factory)):
        _adopt_constructor(cls)
    if issubclass(cls, Imp.Analyzer):
        _check_inputs(cls)


class _Class(type(Imp.Analyzer)):
    """Looks at what a class gets once it is made, too: by decorators, and by PyGObject itself."""

    def __setattr__(cls, name, value):
        if not _is_native(cls) and not hasattr(value, 'imp_wrapped'):
            if name == '__init__' and issubclass(cls, (Imp.Analyzer, Imp.Factory)):
                _refuse_deferred(f'{cls.__name__}.__init__', value)
                value = _wrap_constructor(value)
            elif name in ('do_get_property', 'do_set_property'):
                value = _wrap(cls, name, value, _virtual_functions(cls)[name])
        super().__setattr__(name, value)


# ---- functions that are called with results and output ----

def _guard(function, mark_failed):
    """A function whose failure ends what calls it, since what it was given is lost."""
    if not callable(function):
        return function  # PyGObject says what is wrong with it
    name = getattr(function, '__qualname__', repr(function))
    _refuse_deferred(name, function)

    @functools.wraps(function)
    def guarded(source, *arguments):
        try:
            value = function(source, *arguments)
            if value is not None:
                _check_ran(name, value)
        except BaseException as error:
            mark_failed(source, f'{name} failed: {_describe(error)}')
            if isinstance(error, _EXITS):
                raise
            _print(error)

    return guarded


# ---- what feels at home in Python ----

def _as_bytes(data):
    """Data as methods of C take them that want to keep them."""
    return data if isinstance(data, GLib.Bytes) else GLib.Bytes.new(data)


def _enter(self):
    return self


def _make_closing(cls):
    """`with` closes it."""
    close = cls.close

    def leave(self, _kind, _error, _trace):
        close(self)

    cls.__enter__ = _enter
    cls.__exit__ = leave


def _make_comparable(cls):
    """Boxed values of C are the same if they say the same."""
    equal = cls.equal
    to_string = cls.to_string

    def __eq__(self, other):
        return equal(self, other) if isinstance(other, cls) else NotImplemented

    def __ne__(self, other):
        return not equal(self, other) if isinstance(other, cls) else NotImplemented

    cls.__eq__ = __eq__
    cls.__ne__ = __ne__
    cls.__hash__ = lambda self: hash(to_string(self))
    _make_printable(cls)


def _make_printable(cls):
    to_string = cls.to_string
    cls.__repr__ = lambda self: f'<Imp.{cls.__name__} {to_string(self)}>'
    cls.__str__ = to_string


def _require(cls, *needed):
    """Refuses to make an object without properties that C could only complain about. Of several in
    one string, one is enough."""
    construct = cls.__init__

    def __init__(self, *arguments, **properties):
        for names in needed:
            if all(properties.get(name) is None for name in names.split()):
                raise TypeError(f"{type(self).__name__}() needs the property "
                                f"{' or '.join(names.split())}")
        construct(self, *arguments, **properties)

    cls.__init__ = __init__


def _refuse_as_exception(_cls, value=0):
    if isinstance(value, int):
        return _new_error(_cls, value)
    raise TypeError('Imp.Error is no exception, but has the codes of those that are a GLib.Error: '
                    'GLib.Error.new_literal(Imp.error_quark(), text, Imp.Error.FATAL)')


class Analyzer(Imp.Analyzer, metaclass=_Class):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)

    def __init__(self, *arguments, **properties):
        super().__init__(*arguments, **properties)
        self.imp_constructed = True

    def data(self, direction, data, offset=0, data_type=_STREAM):
        if isinstance(data, GLib.Bytes):
            super().data(direction, data, offset, data_type)
        else:
            super().data_bytes(direction, data, offset, data_type)

    def data_bytes(self, direction, data, offset=0, data_type=_STREAM):
        super().data_bytes(direction, data, offset, data_type)

    def set_callback(self, callback, *user_data):
        super().set_callback(_guard(callback, Imp.Analyzer.fail), *user_data)


class Factory(Imp.Factory, metaclass=_Class):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)

    def __init__(self, *arguments, **properties):
        super().__init__(*arguments, **properties)
        self.imp_constructed = True


class Codec(Imp.Codec, metaclass=_Class):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)


class Server(Imp.Server, metaclass=_Class):
    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        _adopt(cls)


class Filter(Imp.Filter):
    def push(self, direction, data, data_type=_STREAM):
        if isinstance(data, GLib.Bytes):
            return super().push(direction, data, data_type)
        return super().push_bytes(direction, data, data_type)

    def push_bytes(self, direction, data, data_type=_STREAM):
        return super().push_bytes(direction, data, data_type)

    def set_output(self, output, *user_data):
        super().set_output(_guard(output, Imp.Filter.fail), *user_data)


Analyzer = override(Analyzer)
Factory = override(Factory)
Codec = override(Codec)
Server = override(Server)
Filter = override(Filter)


# Those that are derived from an analyzer in C.

class Rewriter(Imp.Rewriter, Analyzer):
    pass


class Framer(Imp.Framer, Analyzer):
    pass


class HttpAnalyzer(Imp.HttpAnalyzer, Analyzer):
    pass


Rewriter = override(Rewriter)
Framer = override(Framer)
HttpAnalyzer = override(HttpAnalyzer)


class TypeFactory(Imp.TypeFactory):
    @classmethod
    def new(cls, analyzer_type, data_type=None, results=None):
        """What is left out, the class says itself; else it is a stream, and all results."""
        if data_type is None:
            data_type = getattr(analyzer_type, 'data_type', _STREAM)
        if results is None:
            results = getattr(analyzer_type, 'results', Imp.ResultFlags.ALL)
        return Imp.TypeFactory.new(analyzer_type, data_type, results)


class Result(Imp.Result):
    @staticmethod
    def new_replace(direction, offset, data):
        return Imp.Result.new_replace(direction, offset, _as_bytes(data))

    @staticmethod
    def new_to_sender(direction, data):
        return Imp.Result.new_to_sender(direction, _as_bytes(data))


TypeFactory = override(TypeFactory)
Result = override(Result)

for _cls in (Result, Imp.Interface, Imp.Message):
    _make_comparable(_cls)
_make_printable(Imp.FactoryStatus)

for _cls in (Analyzer, Filter, Server, Imp.RemoteFactory, Imp.RecordingWriter, Imp.Shadow):
    _make_closing(_cls)

for _cls, *_needed in (
        (Filter, 'analyzer'),
        (Server, 'factory'),
        (TypeFactory, 'analyzer_type'),
        (Imp.RemoteFactory, 'address addresses stream'),
        (Imp.IOStream, 'base_stream', 'analyzer'),
        (Imp.Relay, 'client', 'analyzer'),
        (Imp.DatagramRelay, 'socket', 'server', 'factory'),
        (Imp.Shadow, 'analyzer'),
        (Imp.Prover, 'factory'),
):
    _require(_cls, *_needed)

_new_error = Imp.Error.__new__
Imp.Error.__new__ = _refuse_as_exception
Imp.Error.__doc__ = """The codes of errors of this library. What is raised is a GLib.Error:

    except GLib.Error as error:
        if error.matches(Imp.error_quark(), Imp.Error.DENIED):
"""

__all__ = ['Analyzer', 'Factory', 'Codec', 'Server', 'Filter', 'Rewriter', 'Framer',
           'HttpAnalyzer', 'TypeFactory', 'Result']
