# SPDX-License-Identifier: LGPL-2.1-or-later
# As much as the examples use; the rest may be anything. See https://pypi.org/project/PyGObject-stubs.
from collections.abc import Callable
from typing import Any

class Object:
    def connect(self, signal: str, handler: Callable[..., object], *arguments: object) -> int: ...
    def disconnect(self, handler: int) -> None: ...

class GInterface: ...
class GBoxed: ...

class GEnum(int):
    value_nick: str
    value_name: str

class GFlags(int): ...

Property: Any

def __getattr__(name: str) -> Any: ...
