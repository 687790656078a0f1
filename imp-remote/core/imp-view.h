/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * ImpView: (skip)
 * @data: the bytes; may be %NULL if there are none
 * @length: how many
 *
 * Bytes that are somebody else's, and there for the time of a call only.
 *
 * Most analyzers look at a chunk once and forget it: for those a view saves making a
 * [struct@GLib.Bytes] for each. Whoever wants to keep the bytes asks for one, with
 * imp_view_to_bytes().
 *
 * Since: 0.1
 */
typedef struct
{
  const guint8 *data;
  gsize length;

  /*< private >*/
  GBytes *bytes; /* that these are all of; or NULL */
  gpointer owner;
  GBytes *(*slice) (gpointer owner, const guint8 *data, gsize length);
} ImpView;

IMP_AVAILABLE_IN_0_1
GBytes *imp_view_to_bytes (const ImpView *self);

G_END_DECLS
