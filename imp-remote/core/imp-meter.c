/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-meter-private.h"

#include "core/imp-clock-private.h"

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

/* Upper ends, in nanoseconds: from what an analyzer in the process takes to what people wait. */
static const gint64 meter_bounds[IMP_METER_N_BOUNDS] = {
  10000,     25000,      50000,      100000,     250000,      500000,      1000000,
  2500000,   5000000,    10000000,   25000000,   50000000,    100000000,   250000000,
  500000000, 1000000000, 2500000000, 5000000000, 10000000000, 30000000000,
};

static void
meter_count_down (ImpMeter *self)
{
  self->countdown = self->interval;
  self->granted += self->interval;
}

ImpMeter *
imp_meter_new (void)
{
  ImpMeter *self = g_atomic_rc_box_new0 (ImpMeter);

  self->interval = 1;
  meter_count_down (self);
  return self;
}

ImpMeter *
imp_meter_ref (ImpMeter *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
imp_meter_unref (ImpMeter *self)
{
  g_atomic_rc_box_release (self);
}

ImpMetered *
imp_metered_new (ImpMeter *meter, guint8 *gate)
{
  ImpMetered *self = g_new0 (ImpMetered, 1);

  self->meter = imp_meter_ref (meter);
  self->gate = gate;
  self->ends[0] = self->ends[1] = IMP_METER_NOT_TIMED;
  *gate |= IMP_GATE_TIMED;
  meter->n_analyzers++;
  return self;
}

void
imp_metered_free (ImpMetered *self)
{
  self->meter->n_closed++;
  imp_meter_unref (self->meter);
  g_free (self);
}

/* ---- times ---- */

static void
meter_add_time (ImpMeter *self, gint64 time)
{
  guint i = 0;

  while (i < IMP_METER_N_BOUNDS && time > meter_bounds[i])
    i++;
  self->times[i]++;
  self->total_time += time;
}

/* TRUE: there is time for each. */
static gboolean
meter_note_time (ImpMeter *self, gint64 now)
{
  const gboolean is_slow = now - self->last_time >= NS_PER_SECOND / IMP_METER_EACH_PER_SECOND;

  self->last_time = now;
  self->interval = is_slow ? 1 : MIN (self->interval * 2, IMP_METER_MAX_INTERVAL);
  return is_slow;
}

/* What is settled before it comes, or while another one is timed, has no time of its own. */
void
imp_metered_begin (ImpMetered *self, ImpDirection direction, const ImpMarks *marks, gsize length,
                   gint64 offset)
{
  const gint64 begin = offset > 0 ? offset : marks->fed;
  gint64 now;

  if (self->ends[direction] != IMP_METER_NOT_TIMED || length == 0
      || length >= (guint64) (IMP_METER_NOT_TIMED - begin)
      || imp_marks_get_settled (marks) >= begin + (gint64) length
      || (marks->searching && offset == 0))
    return;
  now = imp_clock_get_time ();
  self->ends[direction] = begin + length;
  self->times[direction] = now;
  if (!meter_note_time (self->meter, now) || self->ends[!direction] != IMP_METER_NOT_TIMED)
    *self->gate &= ~IMP_GATE_TIMED;
}

void
imp_metered_expect (ImpMetered *self)
{
  meter_count_down (self->meter);
  *self->gate |= IMP_GATE_TIMED;
}

void
imp_metered_end (ImpMetered *self, ImpDirection direction)
{
  if (self->ends[direction] == IMP_METER_NOT_TIMED)
    return;
  self->ends[direction] = IMP_METER_NOT_TIMED;
  meter_add_time (self->meter, imp_clock_get_time () - self->times[direction]);
  if (self->meter->interval == 1)
    *self->gate |= IMP_GATE_TIMED;
}

/* ---- verdicts ---- */

static guint
meter_get_index (ImpResultType type)
{
  return g_bit_nth_lsf (imp_result_type_to_flag (type), -1);
}

/* A search moves on without a verdict about what it has seen. */
void
imp_metered_note_verdict (ImpMetered *self, const ImpVerdict *verdict, const ImpMarks *marks)
{
  self->meter->verdicts[meter_get_index (verdict->type)]++;
  if (imp_marks_get_settled (marks) >= self->ends[verdict->direction] || marks->searching)
    imp_metered_end (self, verdict->direction);
}

void
imp_metered_note_refusal (ImpMetered *self, const ImpVerdict *verdict)
{
  self->meter->verdicts[meter_get_index (verdict->type)]++;
  imp_metered_end (self, IMP_DIRECTION_FROM_CLIENT);
  imp_metered_end (self, IMP_DIRECTION_FROM_SERVER);
}

static guint64
meter_get_n_verdicts (const ImpMeter *self, ImpResultType type)
{
  guint64 n = self->verdicts[meter_get_index (type)];

  return type == IMP_RESULT_PASS ? n + self->granted - self->countdown : n;
}

/* ---- what somebody wants to know ---- */

static GVariant *
meter_describe_verdicts (const ImpMeter *self)
{
  g_autoptr (GEnumClass) types = g_type_class_ref (IMP_TYPE_RESULT_TYPE);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{st}"));
  for (guint i = 0; i < types->n_values; i++)
    {
      const ImpResultType type = types->values[i].value;

      g_variant_builder_add (&builder, "{st}", imp_result_type_to_string (type),
                             meter_get_n_verdicts (self, type));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
meter_describe_bounds (void)
{
  double seconds[IMP_METER_N_BOUNDS];

  for (guint i = 0; i < IMP_METER_N_BOUNDS; i++)
    seconds[i] = (double) meter_bounds[i] / NS_PER_SECOND;
  return g_variant_new_fixed_array (G_VARIANT_TYPE_DOUBLE, seconds, IMP_METER_N_BOUNDS,
                                    sizeof seconds[0]);
}

GVariant *
imp_meter_describe (const ImpMeter *self)
{
  GVariantDict dictionary;

  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "analyzers", "t", self->n_analyzers);
  g_variant_dict_insert (&dictionary, "live-analyzers", "t", self->n_analyzers - self->n_closed);
  g_variant_dict_insert (&dictionary, "ignored", "t", self->n_ignored);
  g_variant_dict_insert_value (&dictionary, "verdicts", meter_describe_verdicts (self));
  g_variant_dict_insert_value (&dictionary, "time-bounds", meter_describe_bounds ());
  g_variant_dict_insert_value (&dictionary, "times",
                               g_variant_new_fixed_array (G_VARIANT_TYPE_UINT64, self->times,
                                                          G_N_ELEMENTS (self->times),
                                                          sizeof self->times[0]));
  g_variant_dict_insert (&dictionary, "total-time", "d", (double) self->total_time / NS_PER_SECOND);
  return g_variant_ref_sink (g_variant_dict_end (&dictionary));
}
