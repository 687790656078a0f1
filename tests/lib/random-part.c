/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "random-part.h"

#include "core/imp-data-type.h"

#include <string.h>

/* What is done with the next so many bytes, or the next packet. */
typedef enum
{
  STEP_PASS, /* before they have come, unless it is a packet */
  STEP_HOLD,
  STEP_PREPASS,
  STEP_REPLACE,
  STEP_LATER,
  STEP_DELETE,
  STEP_INSERT, /* with none of them */
  STEP_DONE,
  STEP_PREDONE,
  N_STEPS,
} Step;

typedef struct
{
  GRand *program;
  GByteArray *held; /* what has come from @settled on; with gaps, anything */
  gint64 settled;   /* may lie in the future */
  gint64 fed;
  gint64 prepassed;
  GArray *packets; /* the lengths of those that are held, or NULL */
  gint64 length;   /* of the step */
  Step step;
  gboolean has_step;
  gboolean said; /* what there is to say at the beginning of the step */
  gboolean ended;
  gboolean over;
} RandomSide;

#define RANDOM_TYPE_PART (random_part_get_type ())
G_DECLARE_FINAL_TYPE (RandomPart, random_part, RANDOM, PART, ImpAnalyzer)

struct _RandomPart
{
  ImpAnalyzer parent_instance;
  RandomSide sides[2];
  guint32 seed;
  guint later; /* source */
};

G_DEFINE_FINAL_TYPE (RandomPart, random_part, IMP_TYPE_ANALYZER)

static void
random_side_begin (RandomSide *self)
{
  guint32 number = g_rand_int_range (self->program, 0, 100);

  self->has_step = TRUE;
  self->said = FALSE;
  self->length = g_rand_int_range (self->program, 1, number % 7 == 0 ? 400 : 20);
  if (self->packets != NULL)
    self->length = g_array_index (self->packets, gint64, 0);
  if (number < 3)
    self->step = number == 0 ? STEP_PREDONE : STEP_DONE;
  else
    self->step = number % STEP_DONE;
  /* Of several filters, the next one may not be there yet. */
  if (self->settled == 0 && self->step == STEP_INSERT)
    self->step = STEP_PASS;
}

static void
random_side_go (RandomSide *self, gint64 length)
{
  guint drop = MIN ((gint64) self->held->len, length);

  g_byte_array_remove_range (self->held, 0, drop);
  if (self->packets != NULL)
    g_array_remove_index (self->packets, 0);
  self->settled += length;
  self->has_step = FALSE;
}

/* Turned round, and a byte longer or shorter. */
static void
random_part_replace (RandomPart *self, ImpDirection direction, gint64 length)
{
  RandomSide *side = &self->sides[direction];
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  if (length % 3 == 0)
    g_byte_array_append (bytes, (const guint8 *) "+", 1);
  for (gint64 i = length; i > length % 3 / 2; i--)
    {
      guint8 byte = side->held->data[i - 1] ^ 0x20;

      g_byte_array_append (bytes, &byte, 1);
    }
  imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, side->settled + length, bytes->data,
                              bytes->len);
}

/* What is said before the bytes are there. TRUE if that was all. */
static gboolean
random_part_begin_step (RandomPart *self, ImpDirection direction)
{
  RandomSide *side = &self->sides[direction];
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);
  g_autofree char *text = g_strdup_printf ("<%u:%d>", self->seed % 1000, (int) side->settled);

  side->said = TRUE;
  switch (side->step)
    {
    case STEP_PASS:
      imp_analyzer_pass_bytes (analyzer, direction, side->settled + side->length);
      random_side_go (side, side->length);
      return TRUE;
    case STEP_INSERT:
      imp_analyzer_replace_bytes (analyzer, direction, side->settled, (const guint8 *) text,
                                  strlen (text));
      side->has_step = FALSE;
      return TRUE;
    case STEP_DONE:
    case STEP_PREDONE:
      side->over = TRUE;
      if (side->step == STEP_DONE)
        imp_analyzer_pass_bytes (analyzer, direction, IMP_MAX_OFFSET);
      else
        imp_analyzer_prepass_bytes (analyzer, direction, IMP_MAX_OFFSET);
      return TRUE;
    case STEP_PREPASS:
      side->prepassed = side->settled + side->length;
      imp_analyzer_prepass_bytes (analyzer, direction, side->prepassed);
      break;
    case STEP_LATER:
      /* One that goes beyond the end could never be kept. */
      if (side->fed > side->settled)
        imp_analyzer_replace_later (analyzer, direction, side->settled,
                                    MIN (side->settled + side->length, side->fed));
      break;
    default:
      break;
    }
  return FALSE;
}

/* @length bytes of the step are there, or as many as will ever be. */
static void
random_part_end_step (RandomPart *self, ImpDirection direction, gint64 length)
{
  RandomSide *side = &self->sides[direction];
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);

  switch (side->step)
    {
    case STEP_HOLD:
    case STEP_PREPASS:
      imp_analyzer_pass_bytes (analyzer, direction, side->settled + length);
      break;
    case STEP_REPLACE:
    case STEP_LATER:
      random_part_replace (self, direction, length);
      break;
    case STEP_DELETE:
      imp_analyzer_replace_bytes (analyzer, direction, side->settled + length, NULL, 0);
      break;
    default:
      g_assert_not_reached ();
    }
  random_side_go (side, length);
}

static void
random_part_say_end (RandomPart *self, ImpDirection direction)
{
  RandomSide *side = &self->sides[direction];
  g_autofree char *text = g_strdup_printf ("<%u>", self->seed % 1000);

  side->over = TRUE;
  /* What has passed already cannot have anything put in before it. */
  if (MAX (side->settled, side->prepassed) <= side->fed && self->seed % 3 > 0)
    imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, side->fed, (const guint8 *) text,
                                strlen (text));
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, IMP_MAX_OFFSET);
}

static void
random_part_advance (RandomPart *self, ImpDirection direction)
{
  RandomSide *side = &self->sides[direction];

  while (!side->over)
    {
      gint64 there = side->fed - side->settled;

      if (there < 0 || (there == 0 && (side->settled > 0 || side->ended || side->packets != NULL)))
        {
          if (side->ended)
            random_part_say_end (self, direction);
          return;
        }
      if (!side->has_step)
        random_side_begin (side);
      if (!side->said && random_part_begin_step (self, direction))
        continue;
      if (there < side->length && !side->ended)
        return;
      if (there > 0)
        random_part_end_step (self, direction, MIN (there, side->length));
    }
}

static gboolean
random_part_on_later (gpointer user_data)
{
  RandomPart *self = user_data;

  self->later = 0;
  random_part_advance (self, g_test_rand_bit ());
  random_part_advance (self, 0);
  random_part_advance (self, 1);
  return G_SOURCE_REMOVE;
}

static gboolean
random_part_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                  gint32 data_type, GError **error)
{
  RandomPart *self = RANDOM_PART (analyzer);
  RandomSide *side = &self->sides[direction];
  gsize length, skipped;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (offset != 0)
    {
      g_assert_cmpint (offset, >=, side->fed);
      g_assert_cmpint (offset, <=, MAX (side->settled, side->fed));
      side->fed = offset;
    }
  /* What was passed before it came may still have been under way. */
  skipped = CLAMP (side->settled - side->fed, 0, (gint64) length);
  side->fed += length;
  if (!side->over)
    g_byte_array_append (side->held, bytes + skipped, length - skipped);
  if (side->packets != NULL && length > 0)
    g_array_append_val (side->packets, length);
  side->ended |= length == 0;
  /* The end, once all before it is settled, is taken for settled too unless it is answered. */
  if (length == 0 || (self->later == 0 && g_test_rand_int_range (0, 4) > 0))
    random_part_advance (self, direction);
  else if (self->later == 0)
    self->later = g_idle_add (random_part_on_later, self);
  return TRUE;
}

static void
random_part_close (ImpAnalyzer *analyzer)
{
  g_clear_handle_id (&RANDOM_PART (analyzer)->later, g_source_remove);
}

static void
random_part_finalize (GObject *object)
{
  RandomPart *self = RANDOM_PART (object);

  g_assert_cmpuint (self->later, ==, 0);
  for (guint direction = 0; direction < 2; direction++)
    {
      g_rand_free (self->sides[direction].program);
      g_byte_array_unref (self->sides[direction].held);
      g_clear_pointer (&self->sides[direction].packets, g_array_unref);
    }
  G_OBJECT_CLASS (random_part_parent_class)->finalize (object);
}

static void
random_part_class_init (RandomPartClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = random_part_finalize;
  IMP_ANALYZER_CLASS (klass)->data = random_part_data;
  IMP_ANALYZER_CLASS (klass)->close = random_part_close;
  IMP_ANALYZER_CLASS (klass)->close = random_part_close;
}

static void
random_part_init (RandomPart *self)
{
}

/* --- the factory --- */

#define RANDOM_TYPE_FACTORY (random_factory_get_type ())
G_DECLARE_FINAL_TYPE (RandomFactory, random_factory, RANDOM, FACTORY, ImpFactory)

struct _RandomFactory
{
  ImpFactory parent_instance;
  guint32 seed;
  gboolean packets;
};

G_DEFINE_FINAL_TYPE (RandomFactory, random_factory, IMP_TYPE_FACTORY)

static ImpAnalyzer *
random_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  RandomPart *part = g_object_new (RANDOM_TYPE_PART, NULL);

  part->seed = RANDOM_FACTORY (factory)->seed;
  for (guint direction = 0; direction < 2; direction++)
    {
      part->sides[direction].program = g_rand_new_with_seed (part->seed + direction);
      part->sides[direction].held = g_byte_array_new ();
      if (RANDOM_FACTORY (factory)->packets)
        part->sides[direction].packets = g_array_new (FALSE, FALSE, sizeof (gint64));
      random_part_advance (part, direction);
    }
  return IMP_ANALYZER (part);
}

static void
random_factory_class_init (RandomFactoryClass *klass)
{
  IMP_FACTORY_CLASS (klass)->create_analyzer = random_factory_create_analyzer;
}

static void
random_factory_init (RandomFactory *self)
{
}

ImpFactory *
random_part_factory_new (guint32 seed, gboolean packets)
{
  RandomFactory *self = g_object_new (RANDOM_TYPE_FACTORY, NULL);

  self->seed = seed;
  self->packets = packets;
  return IMP_FACTORY (self);
}
