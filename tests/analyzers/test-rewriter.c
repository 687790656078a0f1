/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* However a stream is cut, a rewriter makes of it what a naive model makes of the whole. */
#include <string.h>

#include "rewriter-rig.h"

#define STREAM IMP_DATA_TYPE_STREAM

/* ---- the model ---- */

typedef struct
{
  const RewriterPattern *patterns;
  GRegex **regexes; /* NULL where there is a string */
  guint n;
} Model;

static void
model_init (Model *model, const RewriterPattern *patterns, guint n)
{
  model->patterns = patterns;
  model->n = n;
  model->regexes = g_new0 (GRegex *, n);
  for (guint i = 0; i < n; i++)
    if (patterns[i].max_length > 0)
      model->regexes[i] = g_regex_new (patterns[i].text, G_REGEX_RAW, 0, NULL);
}

static void
model_clear (Model *model)
{
  for (guint i = 0; i < model->n; i++)
    g_clear_pointer (&model->regexes[i], g_regex_unref);
  g_free (model->regexes);
}

/* How long is the match at @at? 0: there is none. */
static gsize
model_match (const Model *model, guint i, const char *data, gsize length, gsize at)
{
  const RewriterPattern *pattern = &model->patterns[i];
  g_autoptr (GMatchInfo) info = NULL;
  int from, to;

  if (pattern->max_length == 0)
    {
      gsize size = strlen (pattern->text);

      return length - at >= size && memcmp (data + at, pattern->text, size) == 0 ? size : 0;
    }
  if (!g_regex_match_full (model->regexes[i], data, length, at,
                           G_REGEX_MATCH_ANCHORED | G_REGEX_MATCH_NOTEMPTY, &info, NULL))
    return 0;
  g_match_info_fetch_pos (info, 0, &from, &to);
  return (guint) (to - from) <= pattern->max_length ? to - from : 0;
}

static GString *
model_rewrite (const Model *model, const char *data, gsize length)
{
  GString *output = g_string_new (NULL);
  gsize at = 0;

  while (at < length)
    {
      gsize size = 0;

      for (guint i = 0; i < model->n && size == 0; i++)
        {
          size = model_match (model, i, data, length, at);
          if (size > 0)
            g_string_append_printf (output, "<%u>", i + 1);
        }
      if (size == 0)
        g_string_append_c (output, data[at]);
      at += MAX (size, 1);
    }
  return output;
}

/* ---- what comes out does not depend on the chunks ---- */

/* @splits has a bit for each byte that ends a chunk. */
static void
check (const Model *model, const char *data, gsize length, guint64 splits)
{
  g_autoptr (GString) expected = model_rewrite (model, data, length);
  RewriterRig rig;

  rewriter_rig_init (&rig, model->patterns, model->n);
  for (gsize at = 0, n; at < length; at += n)
    {
      n = 1;
      while (at + n < length && (splits >> (at + n - 1) & 1) == 0)
        n++;
      rewriter_rig_push (&rig, 0, data + at, n, STREAM);
    }
  rewriter_rig_finish (&rig, 0);
  if (!g_string_equal (rig.output[0], expected))
    {
      g_test_message ("\"%.*s\" cut by %" G_GINT64_MODIFIER "x", (int) length, data, splits);
      for (guint i = 0; i < model->n; i++)
        g_test_message ("pattern %u: %s", i + 1, model->patterns[i].text);
      g_assert_cmpstr (rig.output[0]->str, ==, expected->str);
    }
  g_assert_cmpint (rig.max_held, <=, imp_rewriter_get_max_held (IMP_REWRITER (rig.rewriter), 0));
  rewriter_rig_clear (&rig);
}

typedef struct
{
  RewriterPattern patterns[6];
  guint n;
} Case;

static const Case cases[] = {
  { { { "ab", 0 } }, 1 },
  { { { "aab", 0 }, { "ab", 0 }, { "b", 0 } }, 3 },
  { { { "ab", 0 }, { "abab", 0 } }, 2 },
  { { { "abab", 0 }, { "ab", 0 } }, 2 },
  { { { "a", 0 }, { "aab", 0 }, { "aa", 0 } }, 3 },
  { { { "a+b", 3 } }, 1 },
  { { { "a+b", 3 }, { "b+", 2 } }, 2 },
  { { { "b+", 5 }, { "a{2}", 2 }, { "ba", 0 } }, 3 },
  { { { "(a|b)\\1", 2 }, { "ab", 2 }, { "aaa", 0 } }, 3 },
  { { { "(?<x>a)(b)?", 2 }, { "(?:ba)+", 4 }, { "bab", 0 } }, 3 },
  { { { "(?<=b)a", 1 }, { "bb", 2 } }, 2 },
  { { { "a(?=b)", 1 }, { "a(?!b)a", 2 }, { "b$", 1 } }, 3 },
  { { { "ab+", 3 }, { "aba", 3 }, { "ab[ab]b", 4 } }, 3 },
  { { { "\\bab(b|a)", 3 }, { "aba?", 3 }, { "bb|ba", 2 }, { "bba{2}", 4 } }, 4 },
  { { { "a+", 2 }, { "a{3,5}", 5 }, { "[ab]b", 2 } }, 3 },
  { { { "\\Qab\\E", 2 }, { "(?i)BA", 2 }, { "(?s).b", 2 }, { "aa", 0 } }, 4 },
};

static void
fill (char *data, gsize length, guint n)
{
  for (gsize i = 0; i < length; i++)
    data[i] = 'a' + (n >> i & 1);
}

/* Every text of two letters, in every way to cut it. */
static void
test_all_splits (void)
{
  const gsize length = g_test_slow () ? 9 : 6;
  char data[16];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Model model;

      model_init (&model, cases[i].patterns, cases[i].n);
      for (guint n = 0; n < 1u << length; n++)
        for (guint splits = 0; splits < 1u << (length - 1); splits++)
          {
            fill (data, length, n);
            check (&model, data, length, splits);
          }
      model_clear (&model);
    }
}

static void
random_patterns (RewriterPattern *patterns, guint n, char texts[][16])
{
  static const RewriterPattern regexes[] = {
    { "a+b", 4 },      { "[bc]+", 5 },   { "(a)(b|c)", 2 }, { "c(?=a)", 1 }, { "b{2,4}", 4 },
    { "ab[bc]+", 5 },  { "\\bab?c", 3 }, { "bc(?!a)", 2 },  { "ab|ca", 2 },  { "abc{2}", 4 },
    { "(?<=a)cc", 2 }, { "(b)a\\1", 3 }, { "a.c", 3 },      { "\\bb", 1 },   { "(?i)CAB", 3 },
  };

  for (guint i = 0; i < n; i++)
    {
      gsize length = g_random_int_range (1, 8);

      if (g_random_int_range (0, 3) == 0)
        {
          patterns[i] = regexes[g_random_int_range (0, G_N_ELEMENTS (regexes))];
          continue;
        }
      for (gsize k = 0; k < length; k++)
        texts[i][k] = 'a' + g_random_int_range (0, 3);
      texts[i][length] = '\0';
      patterns[i] = (RewriterPattern){ texts[i], 0 };
    }
}

static void
test_random (void)
{
  guint32 seed = g_random_int ();
  guint rounds = g_test_slow () ? 20000 : 800;

  g_test_message ("seed %u", seed);
  g_random_set_seed (seed);
  for (guint round = 0; round < rounds; round++)
    {
      RewriterPattern patterns[12];
      char texts[12][16], data[60];
      guint n = g_random_int_range (1, G_N_ELEMENTS (patterns) + 1);
      Model model;

      random_patterns (patterns, n, texts);
      model_init (&model, patterns, n);
      for (guint i = 0; i < 4; i++)
        {
          guint64 splits = (guint64) g_random_int () << 32 | g_random_int ();

          for (gsize k = 0; k < sizeof data; k++)
            data[k] = "abc "[g_random_int_range (0, g_random_boolean () ? 4 : 3)];
          check (&model, data, sizeof data, i == 0 ? G_MAXUINT64 : i == 1 ? 0 : splits);
        }
      model_clear (&model);
    }
}

/* Chunks that are larger than what is joined, and searched, in one go. */
static void
test_large_chunks (void)
{
  const RewriterPattern patterns[] = { { "needle", 0 }, { "n[0-9]{3}", 4 }, { "ne[a-z]+ ", 64 } };
  const gsize length = 400000;
  g_autofree char *data = g_malloc (length);
  g_autoptr (GString) expected = NULL;
  Model model;
  guint32 seed = g_random_int ();
  RewriterRig rig;

  g_test_message ("seed %u", seed);
  g_random_set_seed (seed);
  for (gsize i = 0; i < length; i++)
    data[i] = "need le1234n "[g_random_int_range (0, 13)];
  model_init (&model, patterns, G_N_ELEMENTS (patterns));
  expected = model_rewrite (&model, data, length);
  model_clear (&model);
  rewriter_rig_init (&rig, patterns, G_N_ELEMENTS (patterns));
  for (gsize at = 0, n; at < length; at += n)
    {
      n = g_random_int_range (1, 100000);
      n = MIN (n, length - at);
      rewriter_rig_push (&rig, 0, data + at, n, STREAM);
    }
  rewriter_rig_finish (&rig, 0);
  g_assert_cmpmem (rig.output[0]->str, rig.output[0]->len, expected->str, expected->len);
  rewriter_rig_clear (&rig);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rewriter/all-splits", test_all_splits);
  g_test_add_func ("/rewriter/random", test_random);
  g_test_add_func ("/rewriter/large-chunks", test_large_chunks);
  return g_test_run ();
}
