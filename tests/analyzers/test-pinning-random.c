/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module protocol-pinning on random streams: which bytes pass, and what is denied, is what a
 * model says that sees all input at once, and is the same however the input is cut. */
#include "pinning-rig.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "core/imp-settings-private.h"

#define N_RULES 4
#define N_EVENTS 6
#define LENGTH 3

/* How far it looks behind a match is known here, too. */
typedef struct
{
  const char *text;
  guint ahead;
  guint least; /* of rxlen */
} Expression;

static const Expression expressions[] = {
  { "a", 0, 1 },         { "b", 0, 1 },        { "a+", 0, 1 },         { "[ab]+", 0, 1 },
  { "ab", 0, 2 },        { "a(?:ba)?", 0, 1 }, { "(?:a|ab)b?", 0, 1 }, { "[^c]+c", 0, 2 },
  { "(a|b)\\1", 0, 2 },  { "a(?!b)", 1, 1 },   { "a(?=bb)", 2, 1 },    { "b+?", 0, 1 },
  { "(?:ab|a)+", 0, 1 }, { "a{2,3}", 0, 2 },   { "b*a", 0, 1 },        { "(?s).b", 0, 2 },
};

typedef struct
{
  ImpDirection direction;
  guint max_length;
  const Expression *expression;
  GRegex *regex;
} Rule;

typedef struct
{
  ImpDirection direction;
  char data[LENGTH + 1];
  guint length; /* 0: the end */
} Event;

typedef struct
{
  Rule rules[N_RULES];
  guint n_rules;
  Event events[N_EVENTS + 2];
  guint n_events;
  gboolean ignore_order;
  ImpFactory *factory;
  GString *settings;
} Trial;

/* ---- trials ---- */

static void
trial_add_rule (Trial *self, GRand *rand)
{
  static const char *const names[] = { "dir", "rxlen", "rx" };
  Rule *rule = &self->rules[self->n_rules];
  g_autofree char *direction = NULL, *length = NULL;
  const char *values[3];

  rule->direction = g_rand_int_range (rand, 0, 2);
  rule->expression = &expressions[g_rand_int_range (rand, 0, G_N_ELEMENTS (expressions))];
  rule->max_length = rule->expression->least + g_rand_int_range (rand, 0, 4);
  rule->regex = g_regex_new (rule->expression->text,
                             G_REGEX_RAW | G_REGEX_ANCHORED | G_REGEX_NEWLINE_LF,
                             G_REGEX_MATCH_NOTEMPTY, NULL);
  g_assert_nonnull (rule->regex);
  values[0] = direction = g_strdup_printf ("%d", rule->direction);
  values[1] = length = g_strdup_printf ("%u", rule->max_length);
  values[2] = rule->expression->text;
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *key = g_strdup_printf ("%s%u", names[i], self->n_rules);

      imp_settings_append (self->settings, key, (const guint8 *) values[i], strlen (values[i]));
    }
  self->n_rules++;
}

/* Mostly data that begin as the rules say: else nothing would ever match. */
static void
trial_add_events (Trial *self, GRand *rand)
{
  gboolean first;
  Event *event;

  for (guint n = g_rand_int_range (rand, 1, N_EVENTS + 1); self->n_events < n; self->n_events++)
    {
      event = &self->events[self->n_events];
      event->direction = self->n_events < self->n_rules && g_rand_int_range (rand, 0, 4) > 0
                           ? self->rules[self->n_events].direction
                           : (ImpDirection) g_rand_int_range (rand, 0, 2);
      event->length = g_rand_int_range (rand, 1, LENGTH + 1);
      for (guint i = 0; i < event->length; i++)
        event->data[i] = "aaabbbc"[g_rand_int_range (rand, 0, 7)];
    }
  first = self->events[self->n_events - 1].direction;
  self->events[self->n_events++] = (Event){ .direction = first };
  self->events[self->n_events++] = (Event){ .direction = !first };
}

static void
trial_init (Trial *self, GRand *rand, gboolean reorder)
{
  static const char *const more[] = { "", "&max_unbound0=1", "&max_unbound0=3&max_unbound1=0" };
  g_autoptr (GError) error = NULL;

  *self = (Trial){ .settings = g_string_new (NULL) };
  self->ignore_order = g_rand_boolean (rand);
  for (guint n = g_rand_int_range (rand, 1, N_RULES + 1); n > 0; n--)
    trial_add_rule (self, rand);
  g_string_append_printf (self->settings, "&ignore_order=%d&allow_reorder=%d%s", self->ignore_order,
                          reorder, reorder ? more[g_rand_int_range (rand, 0, 3)] : "");
  self->factory = imp_pinning_factory_new (self->settings->str, &error);
  g_assert_no_error (error);
  trial_add_events (self, rand);
}

static void
trial_clear (Trial *self)
{
  for (guint i = 0; i < self->n_rules; i++)
    g_regex_unref (self->rules[i].regex);
  g_object_unref (self->factory);
  g_string_free (self->settings, TRUE);
}

static char *
trial_describe (Trial *self)
{
  GString *text = g_string_new (self->settings->str);

  for (guint i = 0; i < self->n_events; i++)
    g_string_append_printf (text, " | %d:%s", self->events[i].direction, self->events[i].data);
  return g_string_free (text, FALSE);
}

/* ---- what the analyzer says; bit i of @cuts cuts behind the i-th byte ---- */

static char *
trial_run (Trial *self, guint32 cuts)
{
  g_autoptr (PinningRig) rig = pinning_rig_new (self->factory);
  guint n = 0;

  for (guint i = 0; i < self->n_events; i++)
    {
      const Event *event = &self->events[i];
      guint begin = 0;

      for (guint j = 0; j < event->length; j++, n++)
        if (j + 1 == event->length || (cuts >> n & 1) != 0)
          {
            pinning_rig_feed (rig, event->direction, event->data + begin, j + 1 - begin,
                              IMP_DATA_TYPE_STREAM);
            begin = j + 1;
          }
      if (event->length == 0)
        pinning_rig_feed (rig, event->direction, NULL, 0, IMP_DATA_TYPE_STREAM);
    }
  /* How much is there when it is too much is a matter of the cuts. */
  if (rig->refused != NULL && strstr (rig->refused, "size=") != NULL)
    *strstr (rig->refused, "size=") = '\0';
  return g_strdup_printf ("%d %d %s", (int) rig->passed[0], (int) rig->passed[1],
                          rig->refused != NULL ? rig->refused : "passed");
}

/* ---- the model: each run of bytes that a rule may see is there as a whole ---- */

/* How many of these bytes match, which are all there are; 0: none. */
static gsize
model_match (const Rule *rule, const char *data, gsize length)
{
  g_autoptr (GMatchInfo) info = NULL;
  int from, to = 0;

  length = MIN (length, rule->max_length + rule->expression->ahead);
  if (!g_regex_match_full (rule->regex, data, length, 0, G_REGEX_MATCH_NOTEMPTY, &info, NULL)
      || !g_match_info_fetch_pos (info, 0, &from, &to) || to > (int) rule->max_length)
    return 0;
  g_assert_cmpint (from, ==, 0);
  return to;
}

/* The next rule from @i on that is for data of this direction, or n_rules. */
static guint
model_next (Trial *self, guint i, ImpDirection direction)
{
  while (self->ignore_order && i < self->n_rules && self->rules[i].direction != direction)
    i++;
  return i;
}

/* One run of bytes of a direction. FALSE if it is denied. */
static gboolean
model_take_run (Trial *self, guint *next, ImpDirection direction, const char *data, gsize length,
                gsize *passed)
{
  gsize position = 0, n;

  while (position < length)
    {
      *next = model_next (self, *next, direction);
      if (*next == self->n_rules)
        break;
      if (self->rules[*next].direction != direction)
        return FALSE;
      n = model_match (&self->rules[*next], data + position, length - position);
      if (n == 0)
        return FALSE;
      (*next)++;
      position += n;
      *passed += n;
    }
  return TRUE;
}

/* In order: a run ends where the other direction has data. */
static char *
model_in_order (Trial *self)
{
  gsize passed[2] = { 0, 0 }, fed[2] = { 0, 0 };
  guint next = 0;

  for (guint i = 0; i < self->n_events && next < self->n_rules;)
    {
      ImpDirection direction = self->events[i].direction;
      g_autoptr (GString) run = g_string_new (NULL);

      for (; i < self->n_events && self->events[i].direction == direction; i++)
        g_string_append_len (run, self->events[i].data, self->events[i].length);
      if (!model_take_run (self, &next, direction, run->str, run->len, &passed[direction]))
        return g_strdup_printf ("%d %d denied", (int) passed[0], (int) passed[1]);
    }
  if (next < self->n_rules)
    return g_strdup_printf ("%d %d denied", (int) passed[0], (int) passed[1]);
  for (guint i = 0; i < self->n_events; i++)
    fed[self->events[i].direction] += self->events[i].length;
  return g_strdup_printf ("%d %d passed", (int) fed[0], (int) fed[1]);
}

/* Each direction for itself, where nothing limits what is held: only what comes of it is known, and
 * not who is denied first. */
static gboolean
model_passes_unordered (Trial *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      g_autoptr (GString) run = g_string_new (NULL);
      guint next = 0;
      gsize passed = 0;

      for (guint i = 0; i < self->n_events; i++)
        if (self->events[i].direction == direction)
          g_string_append_len (run, self->events[i].data, self->events[i].length);
      if (!model_take_run (self, &next, direction, run->str, run->len, &passed)
          || model_next (self, next, direction) < self->n_rules)
        return FALSE;
    }
  return TRUE;
}

/* ---- tests ---- */

static guint
trial_count_bytes (Trial *self)
{
  guint n = 0;

  for (guint i = 0; i < self->n_events; i++)
    n += self->events[i].length;
  return n;
}

/* All ways where there are few, some of the others. */
static void
trial_check_splits (Trial *self, GRand *rand, const char *whole)
{
  guint n = trial_count_bytes (self);
  guint n_ways = n <= 7 ? 1u << n : 64;

  for (guint i = 1; i < n_ways; i++)
    {
      guint32 cuts = n <= 7 ? i : g_rand_int (rand);
      g_autofree char *cut = trial_run (self, cuts);

      if (strcmp (cut, whole) != 0)
        {
          g_autofree char *text = trial_describe (self);

          g_test_message ("%s, cut 0x%x", text, cuts);
        }
      g_assert_cmpstr (cut, ==, whole);
    }
}

static void
trial_check_model (Trial *self, const char *whole)
{
  gboolean passes = g_str_has_suffix (whole, " passed");
  g_autofree char *text = trial_describe (self);
  g_autofree char *expected = NULL, *verdict = NULL;

  if (self->ignore_order)
    {
      if (passes != model_passes_unordered (self))
        g_test_message ("%s: %s", text, whole);
      g_assert_true (passes == model_passes_unordered (self));
      return;
    }
  expected = model_in_order (self);
  verdict = passes
              ? g_strdup (whole)
              : g_strdup_printf ("%.*s denied", (int) (strstr (whole, " deny") - whole), whole);
  if (strcmp (verdict, expected) != 0)
    g_test_message ("%s: %s", text, whole);
  g_assert_cmpstr (verdict, ==, expected);
}

static GRand *
make_rand (void)
{
  guint32 seed = g_test_rand_int ();

  g_test_message ("seed %u", seed);
  return g_rand_new_with_seed (seed);
}

static void
test_model (void)
{
  g_autoptr (GRand) rand = make_rand ();
  guint n_passed = 0;

  for (guint i = 0; i < 6000; i++)
    {
      g_autofree char *whole = NULL;
      Trial trial;

      trial_init (&trial, rand, FALSE);
      whole = trial_run (&trial, 0);
      trial_check_model (&trial, whole);
      trial_check_splits (&trial, rand, whole);
      n_passed += g_str_has_suffix (whole, " passed");
      trial_clear (&trial);
    }
  g_test_message ("%u passed", n_passed);
  g_assert_cmpint (n_passed, >, 100);
}

/* Where rules may match in any order, and where little may be held, there is no model but the rules
 * themselves; it must not depend on the cuts nevertheless. */
static void
test_splits (void)
{
  g_autoptr (GRand) rand = make_rand ();

  for (guint i = 0; i < 6000; i++)
    {
      g_autofree char *whole = NULL;
      Trial trial;

      trial_init (&trial, rand, TRUE);
      whole = trial_run (&trial, 0);
      trial_check_splits (&trial, rand, whole);
      trial_clear (&trial);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/pinning/random/model", test_model);
  g_test_add_func ("/pinning/random/splits", test_splits);
  return g_test_run ();
}
