/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-message-private.h"

#include <string.h>

/* Contexts, which Perl's side nests, and details, which it has as a list. */

/* What Perl's relay puts all into: each pair in it is known with this before its key, and
 * without. */
#define META "meta"
#define META_PREFIX META "."

typedef struct
{
  ImpPerlTree *tree;
  ImpContextBuilder builder;
  gsize room; /* in bytes as they come; what is known by two names is counted once */
  GString *key;
  GString *scratch;
  GHashTable *plain; /* the keys that are not nested, once they are of interest */
} PerlFlattener;

static void
perl_flattener_init (PerlFlattener *self, ImpPerlTree *tree)
{
  self->tree = tree;
  imp_context_builder_init (&self->builder);
  self->room = tree->max_context;
  self->key = g_string_new (NULL);
  self->scratch = g_string_new (NULL);
  self->plain = NULL;
}

/* Gives the pairs where @whole; else they are dropped. */
static gboolean
perl_flattener_finish (PerlFlattener *self, gboolean whole, ImpContext **pairs)
{
  if (whole)
    *pairs = imp_context_builder_finish (&self->builder);
  imp_context_builder_clear (&self->builder);
  g_string_free (self->key, TRUE);
  g_string_free (self->scratch, TRUE);
  g_clear_pointer (&self->plain, g_hash_table_unref);
  return whole;
}

/* Each string counts one byte more than it has, so that a multitude of empty ones counts. */
static gboolean
perl_flattener_take_room (PerlFlattener *self, gsize key_length, gsize length)
{
  if (key_length < self->room && length < self->room - key_length
      && self->room - key_length - length >= 2)
    {
      self->room -= key_length + length + 2;
      return TRUE;
    }
  return imp_perl_tree_limit (self->tree, "The keys and values of a message take more bytes",
                              self->tree->max_context, "max-context");
}

static void
perl_flattener_note_key (PerlFlattener *self, const ImpPerlValue *value)
{
  const char *key;
  gsize length;

  if (!imp_perl_value_is_scalar (value))
    return;
  imp_perl_string_get_text (&value->key, self->scratch, &key, &length);
  g_hash_table_add (self->plain, g_strndup (key, length));
}

/* @prefix: what to put before the key. A value that is undef, or holds others, is left out. */
static gboolean
perl_flattener_add_value (PerlFlattener *self, const char *prefix, const ImpPerlValue *value)
{
  const char *key, *text, *plain;
  gsize key_length, length;
  gboolean is_meta;

  if (!imp_perl_value_is_scalar (value))
    return TRUE;

  imp_perl_string_get_text (&value->key, self->scratch, &key, &key_length);
  g_string_assign (self->key, prefix);
  g_string_append_len (self->key, key, key_length);

  imp_perl_value_get_text (value, self->scratch, &text, &length);
  is_meta = g_str_equal (prefix, META_PREFIX);
  if (!perl_flattener_take_room (self, is_meta ? key_length : self->key->len, length))
    return FALSE;
  imp_context_builder_add (&self->builder, self->key->str, self->key->len, text, length);
  plain = self->key->str + strlen (prefix);
  if (is_meta && !g_hash_table_contains (self->plain, plain))
    imp_context_builder_add (&self->builder, plain, key_length, text, length);
  return TRUE;
}

static gboolean
perl_flattener_add_nested (PerlFlattener *self, const ImpPerlValue *hash)
{
  g_autofree char *prefix = NULL;
  ImpPerlItems pairs;
  const char *key;
  gsize length;

  imp_perl_string_get_text (&hash->key, self->scratch, &key, &length);
  prefix = g_strdup_printf ("%.*s.", (int) MIN (length, G_MAXINT32), key);
  imp_perl_items_init (&pairs, self->tree, hash);
  while (pairs.next != NULL)
    if (!perl_flattener_add_value (self, prefix, imp_perl_items_take (&pairs)))
      return FALSE;
  return TRUE;
}

/* What has the same key as something in "meta" goes before it. */
static void
perl_flattener_note_keys (PerlFlattener *self, ImpPerlItems pairs)
{
  self->plain = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while (pairs.next != NULL)
    perl_flattener_note_key (self, imp_perl_items_take (&pairs));
}

static gboolean
perl_flattener_add_hash (PerlFlattener *self, const ImpPerlValue *hash)
{
  ImpPerlItems all, pairs;

  imp_perl_items_init (&all, self->tree, hash);
  pairs = all;
  while (pairs.next != NULL)
    {
      const ImpPerlValue *value = imp_perl_items_take (&pairs);
      gboolean added;

      if (value->kind == IMP_PERL_HASH && self->plain == NULL)
        perl_flattener_note_keys (self, all);
      added = value->kind == IMP_PERL_HASH ? perl_flattener_add_nested (self, value)
                                           : perl_flattener_add_value (self, "", value);
      if (!added)
        return FALSE;
    }
  return TRUE;
}

gboolean
imp_perl_context_read (ImpPerlTree *tree, const ImpPerlValue *hash, ImpContext **context)
{
  PerlFlattener flattener;

  if (imp_perl_value_is_undef (hash))
    return TRUE;
  if (hash->kind != IMP_PERL_HASH)
    return imp_perl_tree_bad (tree, "\"context\" is not a hash");
  perl_flattener_init (&flattener, tree);
  return perl_flattener_finish (&flattener, perl_flattener_add_hash (&flattener, hash), context);
}

/* As in contexts, what is no text is left out. */
static gboolean
perl_flattener_add_detail (PerlFlattener *self, const ImpPerlValue *key, const ImpPerlValue *value)
{
  const char *text;
  gsize length;

  if (!imp_perl_value_get_text (key, self->scratch, &text, &length))
    return TRUE;
  g_string_truncate (self->key, 0);
  g_string_append_len (self->key, text, length);
  text = "";
  length = 0;
  if (!imp_perl_value_is_undef (value)
      && !imp_perl_value_get_text (value, self->scratch, &text, &length))
    return TRUE;
  if (!perl_flattener_take_room (self, self->key->len, length))
    return FALSE;
  imp_context_builder_add (&self->builder, self->key->str, self->key->len, text, length);
  return TRUE;
}

static gboolean
perl_flattener_add_details (PerlFlattener *self, ImpPerlItems *arguments)
{
  while (arguments->next != NULL)
    {
      const ImpPerlValue *key = imp_perl_items_take (arguments);

      if (!perl_flattener_add_detail (self, key, imp_perl_items_take (arguments)))
        return FALSE;
    }
  return TRUE;
}

gboolean
imp_perl_details_read (ImpPerlItems *arguments, ImpContext **details)
{
  PerlFlattener flattener;

  perl_flattener_init (&flattener, arguments->tree);
  return perl_flattener_finish (&flattener, perl_flattener_add_details (&flattener, arguments),
                                details);
}

static gboolean
perl_context_has_meta (ImpContext *context)
{
  gsize position = 0;
  const char *key, *value;

  while (imp_context_next (context, &position, &key, &value))
    if (g_str_has_prefix (key, META_PREFIX))
      return TRUE;
  return FALSE;
}

ImpContext *
imp_perl_context_plain (ImpContext *context)
{
  g_autoptr (GHashTable) table = NULL;
  g_autoptr (GHashTable) meta = NULL;
  GHashTableIter iter;
  gsize position = 0;
  const char *key, *value;
  gpointer plain, meant;

  if (!perl_context_has_meta (context))
    return imp_context_ref (context);

  /* The last one of several with one key counts, under either name. */
  table = g_hash_table_new (g_str_hash, g_str_equal);
  meta = g_hash_table_new (g_str_hash, g_str_equal);
  while (imp_context_next (context, &position, &key, &value))
    if (g_str_has_prefix (key, META_PREFIX))
      g_hash_table_insert (meta, (char *) key + strlen (META_PREFIX), (char *) value);
    else
      g_hash_table_insert (table, (char *) key, (char *) value);
  g_hash_table_iter_init (&iter, meta);
  while (g_hash_table_iter_next (&iter, &plain, &meant))
    if (!g_hash_table_contains (table, plain))
      g_hash_table_insert (table, plain, meant);
  return imp_context_from_table (table);
}
