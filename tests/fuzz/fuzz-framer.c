/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A framer in a filter: which records are told, what comes out and whether it is refused does not
 * depend on the chunks, nor on when an answer comes, and the filter's ledger holds. */
#include "fuzz.h"

#include "analyzers/imp-framer.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "provider/imp-filter.h"

/* How records are told from each other, as the input says it. */
typedef struct
{
  guint8 kind;
  guint8 size;
  guint8 adjust;
  guint8 delimiter[4];
  guint max_record;
} FuzzFraming;

typedef struct
{
  gint64 number;
  guint order; /* of all that were held */
} FuzzHeld;

typedef struct
{
  ImpFramer parent_instance;
  GArray *held; /* of FuzzHeld */
  guint n_held; /* so far */
  GByteArray *log;
} FuzzFramer;

typedef struct
{
  ImpFramerClass parent_class;
} FuzzFramerClass;

GType fuzz_framer_get_type (void);
G_DEFINE_TYPE (FuzzFramer, fuzz_framer, imp_framer_get_type ())

static void
fuzz_framing_set (const FuzzFraming *self, ImpFramer *framer)
{
  static const guint widths[] = { 1, 2, 4, 8 };
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  switch (self->kind % 4)
    {
    case 0:
      imp_framer_set_lines (framer, 0);
      break;
    case 1:
      good = imp_framer_set_delimiter (framer, 0, self->delimiter, self->size % 5, &error);
      break;
    case 2:
      good = imp_framer_set_length (framer, 0, self->size % 32, &error);
      break;
    default:
      good = imp_framer_set_length_prefix (framer, 0, widths[self->size % 4], self->size & 4,
                                           (gint64) self->adjust - 8, &error);
    }
  g_assert_true (good == (error == NULL));
  if (!good)
    g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

/* What becomes of a record is written in its first bytes. */
static void
fuzz_framer_change (ImpFramer *framer, FuzzInput *record)
{
  const guint8 what = fuzz_take (record);

  if (what % 16 == 1)
    imp_framer_pass_next (framer, 0, fuzz_take (record) % 32);
  else if (what % 16 == 2)
    {
      FuzzFraming framing = { .adjust = 10, .delimiter = "ab\n" };

      framing.kind = fuzz_take (record);
      framing.size = fuzz_take (record);
      fuzz_framing_set (&framing, framer);
    }
  else if (what == 3)
    imp_framer_pass_next (framer, 0, G_MAXINT64 - fuzz_take (record));
  else if (what == 4)
    imp_framer_pass_rest (framer, 0);
  else if (what == 5)
    imp_analyzer_deny (IMP_ANALYZER (framer), 0, "so it is written");
}

static gboolean
fuzz_framer_record (ImpFramer *framer, ImpDirection direction, GBytes *bytes, GError **error)
{
  FuzzFramer *self = (FuzzFramer *) framer;
  FuzzInput record = { 0 };
  FuzzHeld held;
  guint8 answer;

  record.data = g_bytes_get_data (bytes, &record.left);
  g_byte_array_append (self->log, record.data, record.left);
  g_byte_array_append (self->log, (const guint8 *) "|", 1);
  answer = record.left > 0 ? record.data[record.left - 1] : 0;
  fuzz_framer_change (framer, &record);
  switch (answer / 16 % 4)
    {
    case 0:
      imp_framer_pass_record (framer);
      break;
    case 1:
      imp_framer_replace_record (framer, (const guint8 *) "<replaced>", 10);
      break;
    case 2:
      imp_framer_drop_record (framer);
      break;
    default:
      held.number = imp_framer_hold_record (framer);
      held.order = self->n_held++;
      g_array_append_val (self->held, held);
    }
  return TRUE;
}

static void
fuzz_framer_finalize (GObject *object)
{
  g_array_unref (((FuzzFramer *) object)->held);
  g_byte_array_unref (((FuzzFramer *) object)->log);
  G_OBJECT_CLASS (fuzz_framer_parent_class)->finalize (object);
}

static void
fuzz_framer_class_init (FuzzFramerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fuzz_framer_finalize;
  IMP_FRAMER_CLASS (klass)->record = fuzz_framer_record;
  IMP_FRAMER_CLASS (klass)->incomplete = fuzz_framer_record;
}

static void
fuzz_framer_init (FuzzFramer *self)
{
  self->held = g_array_new (FALSE, FALSE, sizeof (FuzzHeld));
  self->log = g_byte_array_new ();
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length > 0)
    g_byte_array_append (user_data, bytes, length);
}

/* Answers one that was held, by its place in the list; what follows from it is told meanwhile. */
static void
answer_held (FuzzFramer *self, guint index)
{
  const FuzzHeld held = g_array_index (self->held, FuzzHeld, index);
  ImpFramer *framer = IMP_FRAMER (self);

  g_array_remove_index (self->held, index);
  if (held.order % 3 == 0)
    imp_framer_replace_held (framer, held.number, (const guint8 *) "<late>", 6);
  else if (held.order % 3 == 1)
    imp_framer_drop_held (framer, held.number);
  else
    imp_framer_pass_held (framer, held.number);
}

static void
check_ledger (ImpFilter *filter)
{
  g_assert_cmpint (imp_filter_get_input (filter, 0), ==,
                   imp_filter_get_passed (filter, 0) + imp_filter_get_replaced (filter, 0)
                     + imp_filter_get_denied (filter, 0) + imp_filter_get_held (filter, 0));
}

/* @chunks: their sizes, and which answers come between them; NULL: one piece. NULL is returned
 * where the filter has refused. */
static GBytes *
run (const FuzzFraming *framing, const guint8 *data, gsize length, FuzzInput *chunks, GBytes **log)
{
  g_autoptr (ImpAnalyzer) analyzer = g_object_new (fuzz_framer_get_type (), "max-record",
                                                   framing->max_record, NULL);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GByteArray) output = g_byte_array_new ();
  FuzzFramer *framer = (FuzzFramer *) analyzer;
  gboolean good = TRUE;

  fuzz_framing_set (framing, IMP_FRAMER (analyzer));
  imp_filter_set_output (filter, on_output, output, NULL);
  for (gsize done = 0, step; good && done < length; done += step)
    {
      step = chunks != NULL ? (gsize) 1 + fuzz_take (chunks) % 16 : length;
      step = MIN (step, length - done);
      good = imp_filter_push_bytes (filter, 0, data + done, step, IMP_DATA_TYPE_STREAM, NULL);
      if (good && chunks != NULL && framer->held->len > 0 && (fuzz_take (chunks) & 1) != 0)
        answer_held (framer, fuzz_take (chunks) % framer->held->len);
      check_ledger (filter);
    }
  good = good && imp_filter_push_bytes (filter, 0, NULL, 0, IMP_DATA_TYPE_STREAM, NULL);
  while (good && framer->held->len > 0)
    answer_held (framer, 0);
  good = good && imp_filter_check (filter, NULL);
  g_assert_true (!good || imp_filter_is_finished (filter, 0));
  *log = g_bytes_new (framer->log->data, framer->log->len);
  imp_filter_close (filter);
  return good ? g_byte_array_free_to_bytes (g_steal_pointer (&output)) : NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  FuzzFraming framing = { 0 };
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) chunked = NULL;
  g_autoptr (GBytes) whole_log = NULL;
  g_autoptr (GBytes) chunked_log = NULL;
  FuzzInput chunks;
  gsize n;

  framing.kind = fuzz_take (&input);
  framing.size = fuzz_take (&input);
  framing.adjust = fuzz_take (&input);
  for (guint i = 0; i < G_N_ELEMENTS (framing.delimiter); i++)
    framing.delimiter[i] = fuzz_take (&input);
  framing.max_record = 1 + fuzz_take (&input) * 4u;
  chunks.data = fuzz_take_bytes (&input, 64, &n);
  chunks.left = n;
  whole = run (&framing, input.data, input.left, NULL, &whole_log);
  chunked = run (&framing, input.data, input.left, &chunks, &chunked_log);
  g_assert_true ((whole == NULL) == (chunked == NULL));
  if (whole != NULL)
    g_assert_true (g_bytes_equal (whole, chunked));
  g_assert_true (g_bytes_equal (whole_log, chunked_log));
  return 0;
}
