/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-rewriter-patterns-private.h"

#include <string.h>

#include "core/imp-error.h"

/* Each pattern, one after the other: who has the same text has the same patterns. */
typedef struct
{
  gatomicrefcount ref_count;
  GByteArray *text;
  ImpMatcher *matchers[2]; /* NULL: no patterns */
} PatternsMade;

struct _ImpRewriterPatterns
{
  GType type;
  GByteArray *text;
  GArray *ids[2]; /* of guint */
  guint n;
  PatternsMade *kept;     /* of another one of this class, as long as the patterns are the same */
  ImpMatcherSet *sets[2]; /* where they are not */
  PatternsMade *made;
};

static GMutex patterns_lock;
static GHashTable *patterns_kept; /* GType -> PatternsMade */

static PatternsMade *
patterns_made_ref (PatternsMade *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
patterns_made_unref (gpointer data)
{
  PatternsMade *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_byte_array_unref (self->text);
  g_clear_pointer (&self->matchers[0], imp_matcher_unref);
  g_clear_pointer (&self->matchers[1], imp_matcher_unref);
  g_free (self);
}

ImpRewriterPatterns *
imp_rewriter_patterns_new (GType type)
{
  ImpRewriterPatterns *self = g_new0 (ImpRewriterPatterns, 1);

  self->type = type;
  self->text = g_byte_array_new ();
  for (guint direction = 0; direction < 2; direction++)
    self->ids[direction] = g_array_new (FALSE, FALSE, sizeof (guint));
  g_mutex_lock (&patterns_lock);
  if (patterns_kept != NULL)
    self->kept = g_hash_table_lookup (patterns_kept, GSIZE_TO_POINTER (type));
  if (self->kept != NULL)
    patterns_made_ref (self->kept);
  g_mutex_unlock (&patterns_lock);
  return self;
}

void
imp_rewriter_patterns_free (ImpRewriterPatterns *self)
{
  g_byte_array_unref (self->text);
  g_clear_pointer (&self->kept, patterns_made_unref);
  g_clear_pointer (&self->made, patterns_made_unref);
  for (guint direction = 0; direction < 2; direction++)
    {
      g_array_unref (self->ids[direction]);
      g_clear_pointer (&self->sets[direction], imp_matcher_set_free);
    }
  g_free (self);
}

/* A pattern as it stands in the text: this, and then its bytes. */
typedef struct
{
  guint64 length;
  guint64 max_length;
  guint8 direction;
  guint8 is_regex;
  guint8 unused[6];
} PatternHead;

static gboolean
rewriter_patterns_compile (ImpRewriterPatterns *self, const PatternHead *head, const guint8 *text,
                           GError **error)
{
  ImpMatcherSet **set = &self->sets[head->direction];
  g_autofree char *regex = NULL;

  if (*set == NULL)
    *set = imp_matcher_set_new ();
  if (!head->is_regex)
    return imp_matcher_set_add_string (*set, text, head->length, error);
  regex = g_strndup ((const char *) text, head->length);
  return imp_matcher_set_add_regex (*set, regex, head->max_length, error);
}

/* These patterns are others than those that are kept: makes again what was the same so far. */
static void
rewriter_patterns_part (ImpRewriterPatterns *self)
{
  g_clear_pointer (&self->kept, patterns_made_unref);
  for (gsize at = 0; at < self->text->len;)
    {
      PatternHead head;
      g_autoptr (GError) error = NULL;

      memcpy (&head, self->text->data + at, sizeof head);
      at += sizeof head;
      if (!rewriter_patterns_compile (self, &head, self->text->data + at, &error))
        g_error ("A pattern that could be used cannot any more: %s", error->message);
      at += head.length;
    }
}

static gboolean
rewriter_patterns_is_kept (const ImpRewriterPatterns *self, const PatternHead *head,
                           const guint8 *text)
{
  gsize at = self->text->len;
  const GByteArray *kept = self->kept != NULL ? self->kept->text : NULL;

  return kept != NULL && kept->len - at >= sizeof *head
         && head->length <= kept->len - at - sizeof *head
         && memcmp (kept->data + at, head, sizeof *head) == 0
         && memcmp (kept->data + at + sizeof *head, text, head->length) == 0;
}

guint
imp_rewriter_patterns_add (ImpRewriterPatterns *self, ImpDirection direction, gboolean is_regex,
                           const guint8 *text, gsize length, gsize max_length, GError **error)
{
  const PatternHead head = { length, max_length, direction, is_regex, { 0 } };

  if (self->made != NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED,
                           "A pattern can be added only before the first byte of the connection "
                           "is looked at");
      return 0;
    }
  if (!rewriter_patterns_is_kept (self, &head, text))
    {
      if (self->kept != NULL)
        rewriter_patterns_part (self);
      if (!rewriter_patterns_compile (self, &head, text, error))
        return 0;
    }
  g_byte_array_append (self->text, (const guint8 *) &head, sizeof head);
  if (length > 0)
    g_byte_array_append (self->text, text, length);
  self->n++;
  g_array_append_val (self->ids[direction], self->n);
  return self->n;
}

/* Keeps it for the next one of this class. */
static void
rewriter_patterns_keep (ImpRewriterPatterns *self)
{
  g_mutex_lock (&patterns_lock);
  if (patterns_kept == NULL)
    patterns_kept = g_hash_table_new_full (NULL, NULL, NULL, patterns_made_unref);
  g_hash_table_replace (patterns_kept, GSIZE_TO_POINTER (self->type),
                        patterns_made_ref (self->made));
  g_mutex_unlock (&patterns_lock);
}

static void
rewriter_patterns_make (ImpRewriterPatterns *self)
{
  if (self->kept != NULL && self->kept->text->len == self->text->len)
    {
      self->made = g_steal_pointer (&self->kept);
      return;
    }
  if (self->kept != NULL)
    rewriter_patterns_part (self);
  self->made = g_new0 (PatternsMade, 1);
  g_atomic_ref_count_init (&self->made->ref_count);
  self->made->text = g_byte_array_ref (self->text);
  for (guint direction = 0; direction < 2; direction++)
    {
      ImpMatcherSet *set = g_steal_pointer (&self->sets[direction]);

      if (set != NULL && imp_matcher_set_get_n (set) > 0)
        {
          imp_matcher_set_finish (set);
          self->made->matchers[direction] = imp_matcher_new_set (set);
        }
      else
        g_clear_pointer (&set, imp_matcher_set_free);
    }
  rewriter_patterns_keep (self);
}

ImpMatcher *
imp_rewriter_patterns_peek_matcher (ImpRewriterPatterns *self, ImpDirection direction)
{
  if (self->made == NULL)
    rewriter_patterns_make (self);
  return self->made->matchers[direction];
}

guint
imp_rewriter_patterns_get_id (ImpRewriterPatterns *self, ImpDirection direction, guint which)
{
  return g_array_index (self->ids[direction], guint, which);
}
