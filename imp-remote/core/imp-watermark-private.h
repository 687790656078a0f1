/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Two levels of something that fills and drains: above the high one whoever fills it is asked to
 * stop, at the low one to go on. In between nothing changes, so that it is not asked to and fro
 * with every byte. The low level is a quarter of the high one, for all: here, and only here. */
typedef struct
{
  guint64 high : 63; /* in whatever unit the owner counts */
  guint64 is_above : 1;
} ImpWatermark;

typedef enum
{
  IMP_WATERMARK_SAME,
  IMP_WATERMARK_UP,   /* it has risen above the high level */
  IMP_WATERMARK_DOWN, /* it has sunk to the low level */
} ImpWatermarkCrossing;

/* Takes effect with the next update. An all-zero watermark is valid, and above from 1 on. */
static inline void
imp_watermark_set_high (ImpWatermark *self, gsize high)
{
  self->high = MIN (high, (gsize) G_MAXINT64);
}

static inline gsize
imp_watermark_get_high (const ImpWatermark *self)
{
  return self->high;
}

static inline gsize
imp_watermark_get_low (const ImpWatermark *self)
{
  return self->high / 4;
}

static inline gboolean
imp_watermark_is_above (const ImpWatermark *self)
{
  return self->is_above;
}

/* Tells what has changed now that there is @size. */
static inline ImpWatermarkCrossing
imp_watermark_update (ImpWatermark *self, gsize size)
{
  if (self->is_above ? size > imp_watermark_get_low (self) : size <= self->high)
    return IMP_WATERMARK_SAME;
  self->is_above = !self->is_above;
  return self->is_above ? IMP_WATERMARK_UP : IMP_WATERMARK_DOWN;
}

G_END_DECLS
