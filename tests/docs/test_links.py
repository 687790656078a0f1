#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No link of the built documentation leads nowhere. Other hosts are not asked: of those only the
form is looked at."""

import os
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

FOLDER = sys.argv.pop(1)


class Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, path):
        super().__init__()
        self.links = []
        self.anchors = set()
        with open(path, encoding='utf-8') as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors.update(attributes[name] for name in ('id', 'name')
                            if attributes.get(name) and tag != 'meta')
        self.links += [attributes[name] or '' for name in ('href', 'src') if name in attributes]

    handle_startendtag = handle_starttag


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.pages = {name: Page(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
                      if name.endswith('.html')}

    def find_fault(self, page, link):
        """What is wrong with a link, or None."""
        if link.strip() != link or ' ' in link or link == '':
            return 'it is empty, or has spaces'
        if link == 'javascript:void(0)':
            return None
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            right = parts.scheme in ('http', 'https') and '.' in (parts.hostname or '')
            return None if right else 'it is no address of the Web'
        name = unquote(parts.path) or page
        if not os.path.exists(os.path.join(self.folder, name)):
            return f'there is no {name}'
        if parts.fragment and name in self.pages:
            if unquote(parts.fragment) not in self.pages[name].anchors:
                return f'{name} has no #{parts.fragment}'
        return None

    def list_faults(self):
        for name, page in self.pages.items():
            for link in page.links:
                fault = self.find_fault(name, link)
                if fault is not None:
                    yield f'{name}: "{link}": {fault}'


class Links(unittest.TestCase):
    def test_none_is_broken(self):
        site = Site(FOLDER)
        self.assertGreater(len(site.pages), 500)
        self.assertGreater(sum(len(page.links) for page in site.pages.values()), 10000)
        self.assertEqual(sorted(set(site.list_faults())), [])

    def test_narrow_screens(self):
        """The style is whole: that of gi-docgen, and what it lacks."""
        with open(os.path.join(FOLDER, 'style.css'), encoding='utf-8') as file:
            style = file.read()
        self.assertEqual(style.count('overflow-x: auto;\n  }\n\n  .docblock .codehilite'), 1)
        self.assertIn('--preferred-content-width', style)

    def test_libraries_are_named(self):
        """In the list of what this one is built on, and at the side."""
        links = Site(FOLDER).pages['index.html'].links
        for name in ('glib', 'gobject', 'gio'):
            self.assertEqual(links.count('https://docs.gtk.org/' + name), 2, name)

    def test_broken_ones_are_found(self):
        with tempfile.TemporaryDirectory(prefix='imp-links-') as folder:
            for name, text in (('a.html', '<h1 id="top"><a href="b.html#below">b</a>'
                                          '<a href="#top">up</a><a href="https://x.org/y">x</a>'),
                               ('b.html', '<p id="below">')):
                with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                    file.write(text)
            site = Site(folder)
            self.assertEqual(list(site.list_faults()), [])
            for link in ('', 'c.html', 'b.html#above', '#bottom', 'http://', 'https://x y.org/',
                         'file:///etc', '//x', 'overview'):
                self.assertIsNotNone(site.find_fault('a.html', link), link)


if __name__ == '__main__':
    unittest.main(verbosity=2)
