/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-guard.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct _TestGuard
{
  guint8 *pages;
  gsize length; /* without the last page */
  gsize page;
};

TestGuard *
test_guard_new (gsize max_length)
{
  TestGuard *self = g_new0 (TestGuard, 1);

  self->page = sysconf (_SC_PAGESIZE);
  self->length = (max_length / self->page + 1) * self->page;
  self->pages = mmap (NULL, self->length + self->page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (self->pages != MAP_FAILED);
  g_assert_cmpint (mprotect (self->pages + self->length, self->page, PROT_NONE), ==, 0);
  return self;
}

void
test_guard_free (TestGuard *self)
{
  munmap (self->pages, self->length + self->page);
  g_free (self);
}

const guint8 *
test_guard_put (TestGuard *self, const guint8 *data, gsize length)
{
  guint8 *place = self->pages + self->length - length;

  g_assert_cmpuint (length, <=, self->length);
  if (length > 0)
    memcpy (place, data, length);
  return place;
}
