# SPDX-License-Identifier: LGPL-2.1-or-later
"""The driver of the benchmark: starts pairs of programs, and makes a table of what they say."""
