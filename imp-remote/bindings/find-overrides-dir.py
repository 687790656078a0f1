# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints where this interpreter looks for overrides of PyGObject below the prefix that is given."""

import re
import sys

prefix = sys.argv[1].rstrip('/')
pattern = re.compile(re.escape(prefix) + r'/lib/python3[^/]*/(dist|site)-packages$')
searched = [path for path in sys.path if pattern.match(path)]
version = f'{sys.version_info.major}.{sys.version_info.minor}'
default = f'{prefix}/lib/python{version}/site-packages'
print((searched + [default])[0] + '/gi/overrides')
