/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes that end where the next page cannot be read: who reads one too many crashes. */
typedef struct _TestGuard TestGuard;

TestGuard *test_guard_new (gsize max_length);
void test_guard_free (TestGuard *self);
/* A copy of the bytes, right before the page; good until the next call. */
const guint8 *test_guard_put (TestGuard *self, const guint8 *data, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestGuard, test_guard_free)

G_END_DECLS
