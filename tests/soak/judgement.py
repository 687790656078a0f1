# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is what arrived right?"""

from topology import WANTED, WRITTEN

GOOD = ('exact', 'partly', 'refused')


def count_common(one, other):
    """How many bytes at the beginning are the same?"""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def change_up_to(data, changed, point):
    """@data as it is if its change stops where @changed has come to @point."""
    if len(changed) == len(data):
        return changed[:point] + data[point:]
    return data.replace(WANTED, WRITTEN, changed[:point].count(WRITTEN))


def get_candidates(data, change, arrived):
    """What the whole must be, if @arrived is right: all changed, or changed up to where it is not
    what it would be then."""
    changed = change(data)
    return changed, change_up_to(data, changed, count_common(arrived, changed))


def is_whole(data, change, arrived):
    return arrived in get_candidates(data, change, arrived)


def is_beginning(data, change, arrived):
    return any(whole.startswith(arrived) for whole in get_candidates(data, change, arrived))


def is_beginning_for(route, data, arrived):
    """Who refuses passes nothing unseen."""
    if route.fail == 'hard':
        return route.change(data).startswith(arrived)
    return is_beginning(data, route.change, arrived)


def judge(route, connection, ended):
    """One of GOOD, or what is wrong in so many words."""
    up, arrived_up = connection.up, connection.arrived_up
    down, arrived_down = connection.down, connection.arrived_down
    if not is_beginning_for(route, up, arrived_up):
        return f'what came up ({len(arrived_up)} bytes) is not the beginning of what was sent'
    if not is_beginning_for(route, down, arrived_down):
        return f'what came down ({len(arrived_down)} bytes) is not the beginning of what was sent'
    if ended and is_whole(up, route.change, arrived_up) \
            and is_whole(down, route.change, arrived_down):
        exact = arrived_up == route.change(up) and arrived_down == route.change(down)
        return 'exact' if exact else 'partly'
    if not route.may_refuse:
        return f'was cut: of {len(up)} bytes, {len(arrived_up)} came up; of {len(down)}, ' \
               f'{len(arrived_down)} came down'
    return 'refused'
