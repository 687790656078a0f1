/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rewriter with some patterns in a filter: what comes out does not depend on the chunks, no more
 * is held than it says, and the filter's ledger holds. */
#include "fuzz.h"

#include <string.h>

#include "analyzers/imp-rewriter.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "provider/imp-filter.h"

#define PATTERNS_MAX 8

typedef struct
{
  guint8 *text;
  gsize length;
  guint max_length; /* 0: a string */
} FuzzPattern;

typedef struct
{
  ImpRewriter parent_instance;
} FuzzRewriter;

typedef struct
{
  ImpRewriterClass parent_class;
} FuzzRewriterClass;

GType fuzz_rewriter_get_type (void);
G_DEFINE_TYPE (FuzzRewriter, fuzz_rewriter, imp_rewriter_get_type ())

/* A match is in what is put in its place, with the pattern's number. */
static gboolean
fuzz_rewriter_match (ImpRewriter *rewriter, ImpDirection direction, guint id, GBytes *match,
                     gint64 offset, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GBytes) group = imp_rewriter_get_group (rewriter, 1);

  g_string_append_printf (text, "<%u@%d:%d>", id, (int) offset,
                          group != NULL ? (int) g_bytes_get_size (group) : -1);
  g_string_append_len (text, g_bytes_get_data (match, NULL), g_bytes_get_size (match));
  imp_rewriter_replace (rewriter, (const guint8 *) text->str, text->len);
  return TRUE;
}

static void
fuzz_rewriter_class_init (FuzzRewriterClass *klass)
{
  IMP_REWRITER_CLASS (klass)->match = fuzz_rewriter_match;
}

static void
fuzz_rewriter_init (FuzzRewriter *self)
{
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

static guint
take_patterns (FuzzInput *input, FuzzPattern *patterns)
{
  guint n = fuzz_take (input) % PATTERNS_MAX + 1;

  for (guint i = 0; i < n; i++)
    {
      guint8 kind = fuzz_take (input);
      const guint8 *text = fuzz_take_bytes (input, 16, &patterns[i].length);

      patterns[i].text = (guint8 *) g_strndup ((const char *) text, patterns[i].length);
      patterns[i].max_length = (kind & 1) != 0 ? 1 + kind / 8 : 0;
    }
  return n;
}

/* What is no pattern is left out, always for the same reason. */
static ImpAnalyzer *
make_rewriter (const FuzzPattern *patterns, guint n)
{
  ImpRewriter *rewriter = g_object_new (fuzz_rewriter_get_type (), NULL);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      guint id;

      if (patterns[i].max_length > 0)
        id = imp_rewriter_add_regex (rewriter, 0, (const char *) patterns[i].text,
                                     patterns[i].max_length, &error);
      else
        id = imp_rewriter_add_string (rewriter, 0, patterns[i].text, patterns[i].length, &error);
      g_assert_true ((id == 0) == (error != NULL));
      if (error != NULL)
        g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
    }
  return IMP_ANALYZER (rewriter);
}

static void
check_ledger (ImpFilter *filter, ImpAnalyzer *analyzer)
{
  g_assert_cmpint (imp_filter_get_input (filter, 0), ==,
                   imp_filter_get_passed (filter, 0) + imp_filter_get_replaced (filter, 0)
                     + imp_filter_get_denied (filter, 0) + imp_filter_get_held (filter, 0));
  if (!imp_filter_is_paused (filter, 0))
    g_assert_cmpint (imp_filter_get_held (filter, 0), <=,
                     imp_rewriter_get_max_held (IMP_REWRITER (analyzer), 0));
}

/* @chunks: their sizes; NULL: one piece. NULL is returned where the filter has refused. */
static GBytes *
run (const FuzzPattern *patterns, guint n, const guint8 *data, gsize length, FuzzInput *chunks)
{
  g_autoptr (ImpAnalyzer) analyzer = make_rewriter (patterns, n);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GByteArray) output = g_byte_array_new ();
  gboolean good = TRUE;

  imp_filter_set_output (filter, on_output, output, NULL);
  for (gsize done = 0, step; good && done < length; done += step)
    {
      step = chunks != NULL ? (gsize) 1 + fuzz_take (chunks) % 16 : length;
      step = MIN (step, length - done);
      good = imp_filter_push_bytes (filter, 0, data + done, step, IMP_DATA_TYPE_STREAM, NULL);
      if (good)
        check_ledger (filter, analyzer);
    }
  good = good && imp_filter_push_bytes (filter, 0, NULL, 0, IMP_DATA_TYPE_STREAM, NULL);
  /* A costly search takes several turns. */
  while (good && !imp_filter_is_finished (filter, 0))
    {
      g_main_context_iteration (NULL, TRUE);
      good = imp_filter_check (filter, NULL);
    }
  imp_filter_close (filter);
  return good ? g_byte_array_free_to_bytes (g_steal_pointer (&output)) : NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  FuzzPattern patterns[PATTERNS_MAX];
  guint n_patterns = take_patterns (&input, patterns);
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) chunked = NULL;
  FuzzInput chunks;
  gsize n;

  chunks.data = fuzz_take_bytes (&input, 32, &n);
  chunks.left = n;
  whole = run (patterns, n_patterns, input.data, input.left, NULL);
  chunked = run (patterns, n_patterns, input.data, input.left, &chunks);
  for (guint i = 0; i < n_patterns; i++)
    g_free (patterns[i].text);
  /* An expression that is too costly may be so for one of them only. */
  if (whole != NULL && chunked != NULL)
    g_assert_true (g_bytes_equal (whole, chunked));
  return 0;
}
