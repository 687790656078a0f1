/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Which pages of another process' memory there are. To read one that was never written to would
 * make it, at the cost of whoever reads. What is there stays: the memory has to be sealed so that
 * no holes can be made again (F_SEAL_FUTURE_WRITE). */
typedef struct _ImpDensePages ImpDensePages;

/* @fd, which remains the caller's, has @size bytes. */
ImpDensePages *imp_dense_pages_new (int fd, gsize size, GError **error);
void imp_dense_pages_free (ImpDensePages *self);
/* FALSE if one of the pages in which these bytes lie is missing. @length is not 0. */
gboolean imp_dense_pages_has (ImpDensePages *self, gsize position, gsize length);
/* Whether it still looks, for which it needs a descriptor. */
gboolean imp_dense_pages_is_looking (const ImpDensePages *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDensePages, imp_dense_pages_free)

G_END_DECLS
