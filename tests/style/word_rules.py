# SPDX-License-Identifier: LGPL-2.1-or-later
"""Words for which the field has other ones, in names, comments, messages and pages alike.

All are written in pieces, so that this file does not break its own rule.
"""

import re

# Regular expression -> what to say instead. They are looked for within names, too.
WORDS = {
    'oct' 'et': 'byte',
    'for e' 'ver': 'indefinitely, or for each',
    'shown the d' 'oor': 'disconnected',
    'house is f' 'ull': 'at max-connections',
    'upl' 'ink': 'channel',
    'shel' '(?:f|ves)(?![a-z])': 'result queue',
    'cro' 'wd': 'send scheduler',
    'inb' 'ox': 'input buffer',
    'det' 'ain': 'hold back',
    'dam' 'med': 'backlogged',
    'nons' 'ense': 'malformed',
    'hope' 'less': 'unrecoverable',
    'ob' 'ey': 'apply',
    '(?<![a-z])bu' 'r(?:y|ied|ies)(?![a-z])': 'release',
    'dism' 'iss': 'close idle',
    'straight p' 'ath': 'fast path',
    'pati' 'ence': 'timeout',
    'signs? of l' 'ife': 'response',
    'aff' 'air': 'responsibility',
    'reck' 'on': 'compute',
    'mist' 'ake': 'error',
    'wire f' r'orms?\b': 'wire format',
    'analyzers? (?:is|are|gets) set' 'tled': 'resolved',
    r'(?-i:\bEnds w' 'hat)': 'Finishes an operation started with ...',
    'gives a reference b' 'ack': 'Decreases the reference count of ...',
    'makes the state' 'ment': 'Creates ...',
    '(?<![^ (])(?:h' 'e|h' 'is|h' 'im|s' 'he|h' 'er)(?![^ ,.;:)])': 'they, their, them',
}
# The spelling is that of the United States.
SPELLING = {
    'behavi' 'our': 'behavior', 'col' 'our': 'color', 'neighb' 'our': 'neighbor',
    'fav' 'our': 'favor', 'hon' 'our': 'honor', 'lic' 'ence': 'license', 'cent' r're\b': 'center',
    'analy' r's(?:e|ed|er|ers|ing)\b': 'analyze', 'recogn' 'is': 'recognize',
    '(?:initi' 'al|seri' 'al|norm' 'al|final|summar|optim|organ|synchron|author)is(?:e|a|i)':
        '-ize',
    'cata' 'logue': 'catalog', '(?:label|travel|model)l' '(?:ed|ing)': 'one l',
}
RULE = [(re.compile(pattern, re.IGNORECASE), better)
        for pattern, better in {**WORDS, **SPELLING}.items()]


def check_words(source):
    for number, line in enumerate(source.lines, 1):
        for pattern, better in RULE:
            for match in pattern.finditer(line):
                yield number, f'"{match.group(0)}": the word is "{better}"'


RULES = [check_words]
