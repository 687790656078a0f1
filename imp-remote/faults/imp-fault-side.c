/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-side-private.h"

/* What a number of the sequence is for; different uses of one offset must not be related. */
enum
{
  FOR_JITTER = 1,
  FOR_CHUNK,
  FOR_BLOCK,
  FOR_CORRUPT,
};

/* SplitMix64: a good mixture of whatever is put in, without any state. */
static guint64
fault_side_mix (guint64 number)
{
  number += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  number = (number ^ (number >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  number = (number ^ (number >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return number ^ (number >> 31);
}

static guint64
fault_side_draw (const ImpFaultSide *self, guint purpose, guint64 index)
{
  return fault_side_mix (fault_side_mix (self->seed + purpose) ^ index);
}

void
imp_fault_side_init (ImpFaultSide *self, const ImpFaults *faults, ImpFaultWay way)
{
  *self = (ImpFaultSide){ .plan = faults->plans[way] };
  self->seed = fault_side_mix (faults->seed * 2 + way);
}

static gboolean
fault_side_has_reached (const ImpFaultSide *self, gint64 offset)
{
  return offset >= 0 && self->position >= (guint64) offset;
}

ImpFaultEnd
imp_fault_side_end (ImpFaultSide *self)
{
  ImpFaultEnd end = IMP_FAULT_GO;

  if (fault_side_has_reached (self, self->plan.reset_at))
    end = IMP_FAULT_RESET;
  else if (fault_side_has_reached (self, self->plan.stall_at))
    end = IMP_FAULT_STALL;
  else if (fault_side_has_reached (self, self->plan.eof_at))
    end = IMP_FAULT_EOF;
  else
    return IMP_FAULT_GO;

  self->counts.ends[end] = 1;
  return end;
}

gint64
imp_fault_side_due (ImpFaultSide *self, gint64 now)
{
  guint64 delay = self->plan.delay;

  if (self->due != 0)
    return self->due;
  if (self->plan.jitter > 0)
    delay += fault_side_draw (self, FOR_JITTER, self->position) % (self->plan.jitter + 1);
  if (delay == 0)
    return now;

  self->counts.delayed++;
  self->due = now + delay * 1000;
  return self->due;
}

gboolean
imp_fault_side_block (ImpFaultSide *self)
{
  guint64 number = self->operations++;
  gboolean block = number < (guint64) self->plan.block_first
                   || fault_side_draw (self, FOR_BLOCK, number) % 100
                        < (guint64) self->plan.block_rate;

  if (block)
    self->counts.blocked++;
  return block;
}

static gsize
fault_side_stop_before (const ImpFaultSide *self, gint64 offset, gsize length)
{
  if (offset < 0 || fault_side_has_reached (self, offset))
    return length;
  return MIN (length, (guint64) offset - self->position);
}

gsize
imp_fault_side_limit (ImpFaultSide *self, gsize wanted)
{
  gsize length = wanted;
  guint64 chunk = self->plan.chunk;

  g_assert (wanted > 0);

  if (self->plan.chunk_min > 0)
    chunk = self->plan.chunk_min
            + fault_side_draw (self, FOR_CHUNK, self->position)
                % (chunk - self->plan.chunk_min + 1);
  if (chunk > 0)
    length = MIN (length, chunk);
  length = fault_side_stop_before (self, self->plan.reset_at, length);
  length = fault_side_stop_before (self, self->plan.stall_at, length);
  length = fault_side_stop_before (self, self->plan.eof_at, length);
  if (length < wanted)
    self->counts.shortened++;
  return length;
}

gsize
imp_fault_side_corrupt (ImpFaultSide *self, guint8 *data, gsize length)
{
  gsize n = 0;

  if (self->plan.corrupt_at < 0 && self->plan.corrupt_every == 0)
    return 0;
  for (gsize i = 0; i < length; i++)
    {
      guint64 offset = self->position + i;
      guint64 number = fault_side_draw (self, FOR_CORRUPT, offset);

      if ((self->plan.corrupt_at >= 0 && offset == (guint64) self->plan.corrupt_at)
          || (self->plan.corrupt_every > 0 && number % self->plan.corrupt_every == 0))
        {
          /* From the upper half, which the remainder above says little about; never 0. */
          data[i] ^= 1 + (number >> 32) % 255;
          n++;
        }
    }
  return n;
}

void
imp_fault_side_advance (ImpFaultSide *self, gsize length, gsize corrupted)
{
  self->position += length;
  self->counts.bytes += length;
  self->counts.corrupted += corrupted;
  self->due = 0;
}
