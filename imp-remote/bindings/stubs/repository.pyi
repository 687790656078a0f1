# SPDX-License-Identifier: LGPL-2.1-or-later
# Other namespaces may be anything, unless there are types of theirs beside this file.
from typing import Any

def __getattr__(name: str) -> Any: ...
