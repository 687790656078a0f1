/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-dense-pages-private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define WORD_BITS 64

struct _ImpDensePages
{
  int fd; /* -1: all pages are there */
  guint page_shift;
  gsize n_pages;
  gsize n_found;
  guint64 *found; /* a bit for each page that is known to be there */
};

static guint
dense_pages_get_shift (void)
{
  return g_bit_nth_lsf ((gulong) sysconf (_SC_PAGESIZE), -1);
}

ImpDensePages *
imp_dense_pages_new (int fd, gsize size, GError **error)
{
  ImpDensePages *self;
  int own = fcntl (fd, F_DUPFD_CLOEXEC, 0);

  if (own < 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "Cannot look which pages of shared memory there are: %s", g_strerror (code));
      return NULL;
    }
  self = g_new0 (ImpDensePages, 1);
  self->fd = own;
  self->page_shift = dense_pages_get_shift ();
  self->n_pages = ((size - 1) >> self->page_shift) + 1;
  self->found = g_new0 (guint64, (self->n_pages - 1) / WORD_BITS + 1);
  return self;
}

static void
dense_pages_stop_looking (ImpDensePages *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

void
imp_dense_pages_free (ImpDensePages *self)
{
  dense_pages_stop_looking (self);
  g_free (self->found);
  g_free (self);
}

static inline gboolean
dense_pages_is_found (const ImpDensePages *self, gsize page)
{
  return (self->found[page / WORD_BITS] >> (page % WORD_BITS) & 1) != 0;
}

/* Pages from @page on, up to the first that is missing, are found. */
static void
dense_pages_look (ImpDensePages *self, gsize page)
{
  gint64 hole = lseek (self->fd, (gint64) page << self->page_shift, SEEK_HOLE);
  gsize end = hole < 0 ? 0 : MIN ((guint64) hole >> self->page_shift, self->n_pages);

  for (; page < end; page++)
    if (!dense_pages_is_found (self, page))
      {
        self->found[page / WORD_BITS] |= G_GUINT64_CONSTANT (1) << (page % WORD_BITS);
        self->n_found++;
      }
  if (self->n_found == self->n_pages)
    dense_pages_stop_looking (self);
}

gboolean
imp_dense_pages_has (ImpDensePages *self, gsize position, gsize length)
{
  gsize page = position >> self->page_shift, last = (position + length - 1) >> self->page_shift;

  if (self->fd < 0)
    return TRUE;
  while (page <= last && dense_pages_is_found (self, page))
    page++;
  if (page > last)
    return TRUE;
  dense_pages_look (self, page);
  while (page <= last && dense_pages_is_found (self, page))
    page++;
  return page > last;
}

gboolean
imp_dense_pages_is_looking (const ImpDensePages *self)
{
  return self->fd >= 0;
}
