# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules that look at functions and at includes."""

import ast
import re

MAX_FUNCTION_LINES = 100
LONG_FUNCTION_LINES = 40
MAX_LONG_SHARE = 0.01

# What each room of imp-remote/ may include besides itself and the headers at its top.
MAY_INCLUDE = {
    'core': set(),
    'io': {'core'},
    'faults': {'core', 'io'},
    'analyzers': {'core', 'io'},
    'wire': {'core', 'io'},
    'provider': {'core', 'io', 'wire'},
    'rpc': {'core', 'io', 'wire'},
    'modules': {'core', 'io', 'faults', 'analyzers', 'wire', 'provider', 'rpc'},
    'tool': {'core', 'io', 'faults', 'analyzers', 'wire', 'provider', 'rpc', 'modules'},
}

# Public headers say imp-remote/ first, since they lie in a folder of that name when installed.
INCLUDE = re.compile(r'^\s*#\s*include\s+"(?:imp-remote/)?([^"]+)"')
C_NAME = re.compile(r'^(\w+) \(')
STATIC_HEAD = re.compile(r'^static\b[^;={}]*$')
JS_HEAD = re.compile(r'^(\s*)(?:export\s+|default\s+|async\s+|static\s+|get\s+|set\s+)*'
                     r'(?!if\b|for\b|while\b|switch\b|catch\b|with\b|else\b|return\b|do\b|try\b)'
                     r'(?:function\b\s*\*?\s*(\w*)\s*\(|(\w+)\s*\(.*\)\s*\{$|'
                     r'.*?(\w*)\s*[=:(,]\s*(?:async\s*)?(?:function\b|\(.*\)\s*=>\s*\{$))')


def c_functions(source):
    """Yields (name, line, length) of the functions, known by a brace in the first column."""
    name = None
    begin = None
    for number, line in enumerate(source.lines, 1):
        match = C_NAME.match(line)
        if match and begin is None:
            name = match.group(1)
        elif line == '{' and name:
            begin = number
        elif line.startswith('}'):
            if begin is not None:
                yield name, begin, number - begin - 1
            name = begin = None
        elif begin is None and line.rstrip().endswith(';'):
            name = None


def static_functions(source):
    """Yields (name, line) of the static functions; the line before has the type they return."""
    for number, (head, line) in enumerate(zip(source.lines, source.lines[1:]), 2):
        match = C_NAME.match(line)
        if match and STATIC_HEAD.match(head):
            yield match.group(1), number


def included_headers(source):
    """What a file includes with quotes."""
    return {match.group(1) for match in map(INCLUDE.match, source.lines) if match}


def python_functions(source):
    for node in ast.walk(ast.parse(source.text, source.path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno


def js_functions(source):
    """Yields the functions, which end at the first closing brace that is indented as they are."""
    for index, line in enumerate(source.lines):
        match = JS_HEAD.match(line)
        if not match or not line.rstrip().endswith('{'):
            continue
        end = re.compile(r'^' + match.group(1) + r'\}')
        for last in range(index + 1, len(source.lines)):
            if end.match(source.lines[last]):
                name = match.group(2) or match.group(3) or match.group(4) or 'a function'
                yield name, index + 1, last - index - 1
                break


FUNCTIONS = {'c': c_functions, 'python': python_functions, 'js': js_functions}


def functions(source):
    finder = FUNCTIONS.get(source.kind)
    return list(finder(source)) if finder else []


def check_function_length(source):
    for name, line, length in functions(source):
        if length > MAX_FUNCTION_LINES:
            yield line, f'{name} has {length} lines; at most {MAX_FUNCTION_LINES}'


def check_includes(source):
    if source.kind != 'c' or source.room is None:
        return
    allowed = MAY_INCLUDE.get(source.room, set())
    for number, line in enumerate(source.lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        path = match.group(1)
        if path.startswith('.') or ('/' not in path and not is_top_header(path)):
            yield number, f'"{path}" is not given from imp-remote/ on'
        elif '/' in path and source.room and path.split('/')[0] not in allowed | {source.room}:
            yield number, f'{source.room}/ may not know "{path}"'


def is_top_header(path):
    return path in ('imp-macros.h', 'imp-version.h', 'imp-remote.h', 'imp-config.h')


def check_long_share(sources):
    """One in a hundred functions may be long; more would be a habit."""
    found = [(source.path, *function) for source in sources for function in functions(source)]
    long = [entry for entry in found if entry[3] > LONG_FUNCTION_LINES]
    if len(long) > max(1, len(found) * MAX_LONG_SHARE):
        for path, name, line, length in sorted(long, key=lambda entry: -entry[3]):
            yield path, line, (f'{name} has {length} lines; {len(long)} of {len(found)} functions '
                               f'are longer than {LONG_FUNCTION_LINES}')


# What prints or logs a text as it is. What others have said could end a line there, or send orders
# to a terminal.
RAW_OUTPUT = re.compile(r'(?<![\w"])(g_(?:message|warning|info|debug|critical|print|printerr'
                        r'|log|logv|log_structured\w*)|v?f?printf|v?dprintf|f?puts|f?putc|putchar'
                        r'|fwrite|perror|v?syslog|psignal) \(')
# Where it is made harmless, or is nobody else's.
MAY_PRINT = {
    'imp-remote/core/imp-log.c': {'g_log', 'g_log_structured_array'},
    'imp-remote/provider/imp-io-stream.c': {'g_critical'},
    'imp-remote/modules/launch.c': {'fprintf'},
    'imp-remote/tool/capture/pcap-progress.c': {'fprintf', 'fputs'},
    'imp-remote/tool/conform/conform.c': {'printf'},
    'imp-remote/tool/conform/conform-report.c': {'printf'},
    'imp-remote/tool/main.c': {'printf'},
    'imp-remote/tool/new/new.c': {'fputs'},
    'imp-remote/tool/tool.c': {'puts', 'fputs'},
}


def check_output(source):
    """The library logs by imp_log_message() and the like, and the tool prints by tool_print()."""
    if source.kind != 'c' or not source.path.startswith('imp-remote/'):
        return
    allowed = MAY_PRINT.get(source.path, set())
    for number, line in enumerate(source.lines, 1):
        for match in RAW_OUTPUT.finditer(line):
            if match.group(1) not in allowed and not line.lstrip().startswith(('*', '/*')):
                yield number, (f'{match.group(1)} () does not care what it prints: '
                               'use imp_log_message () or tool_print () and the like')


RULES = [check_function_length, check_includes, check_output]
