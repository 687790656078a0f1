/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-string-set-private.h"

#include <string.h>

#include "core/imp-error.h"

/* So many nodes, those nearest to the root, have a table of what follows each byte: 1 KiB for each.
 * Elsewhere a list is looked through; it mostly has one entry. */
#define DENSE_MAX 1024
#define TABLE_SIZE 256
/* The clock is read after so many bytes. */
#define BLOCK_SIZE (64 * 1024)

/* What has been read, as far as it may be the beginning of a string. Number 0 is the root. */
typedef struct
{
  guint32 child;   /* the first of them, or 0 */
  guint32 sibling; /* or 0 */
  guint32 fail;    /* the longest end of this that is a node too */
  guint32 report;  /* this, or the nearest one among its ends, where a string ends; or 0 */
  guint32 depth;
  guint32 rank;  /* of the string that ends here */
  guint32 below; /* the lowest rank of those that go on from here */
  guint8 byte;
} StringNode;

struct _ImpStringSet
{
  GArray *nodes;
  guint32 *tables;      /* of the dense ones */
  guint32 *table_of;    /* for each node, the number of its table and one more; 0: none */
  const guint8 *single; /* the only byte that any string begins with, or NULL */
  guint8 first;
};

typedef struct
{
  const ImpStringSet *set;
  guint32 node;
  gboolean found;
  gsize from;
  gsize to;
  guint32 rank;
} StringScan;

ImpStringSet *
imp_string_set_new (void)
{
  const StringNode root = { .rank = IMP_STRING_SET_NO_RANK, .below = IMP_STRING_SET_NO_RANK };
  ImpStringSet *self = g_new0 (ImpStringSet, 1);

  self->nodes = g_array_new (FALSE, FALSE, sizeof (StringNode));
  g_array_append_val (self->nodes, root);
  return self;
}

void
imp_string_set_free (ImpStringSet *self)
{
  g_array_unref (self->nodes);
  g_free (self->tables);
  g_free (self->table_of);
  g_free (self);
}

gboolean
imp_string_set_is_empty (const ImpStringSet *self)
{
  return self->nodes->len == 1;
}

static inline StringNode *
string_set_get (const ImpStringSet *self, guint32 node)
{
  return &g_array_index (self->nodes, StringNode, node);
}

static inline guint32
string_set_find_child (const ImpStringSet *self, guint32 node, guint8 byte)
{
  guint32 child = string_set_get (self, node)->child;

  while (child != 0 && string_set_get (self, child)->byte != byte)
    child = string_set_get (self, child)->sibling;
  return child;
}

static guint32
string_set_add_child (ImpStringSet *self, guint32 node, guint8 byte)
{
  StringNode child = {
    .sibling = string_set_get (self, node)->child,
    .depth = string_set_get (self, node)->depth + 1,
    .rank = IMP_STRING_SET_NO_RANK,
    .below = IMP_STRING_SET_NO_RANK,
    .byte = byte,
  };

  g_array_append_val (self->nodes, child);
  string_set_get (self, node)->child = self->nodes->len - 1;
  return self->nodes->len - 1;
}

void
imp_string_set_add (ImpStringSet *self, const guint8 *string, gsize length, guint32 rank)
{
  guint32 node = 0;

  g_assert (length > 0 && self->table_of == NULL);

  for (gsize i = 0; i < length; i++)
    {
      guint32 child = string_set_find_child (self, node, string[i]);
      guint32 below = string_set_get (self, node)->below;

      string_set_get (self, node)->below = MIN (below, rank);
      node = child != 0 ? child : string_set_add_child (self, node, string[i]);
    }
  string_set_get (self, node)->rank = MIN (string_set_get (self, node)->rank, rank);
}

/* What is read after @byte at @node. */
static inline guint32
string_set_advance (const ImpStringSet *self, guint32 node, guint8 byte)
{
  for (;;)
    {
      guint32 child;

      if (self->table_of[node] != 0)
        return self->tables[(gsize) (self->table_of[node] - 1) * TABLE_SIZE + byte];
      child = string_set_find_child (self, node, byte);
      if (child != 0 || node == 0)
        return child;
      node = string_set_get (self, node)->fail;
    }
}

static void
string_set_fill_table (ImpStringSet *self, guint32 node, guint32 table)
{
  guint32 *row = self->tables + (gsize) table * TABLE_SIZE;

  for (guint byte = 0; byte < TABLE_SIZE; byte++)
    {
      guint32 child = string_set_find_child (self, node, byte);

      if (child == 0 && node != 0)
        child = string_set_advance (self, string_set_get (self, node)->fail, byte);
      row[byte] = child;
    }
  self->table_of[node] = table + 1;
}

/* Those that are nearer to the root are done already. */
static void
string_set_link_child (ImpStringSet *self, guint32 parent, guint32 node)
{
  StringNode *child = string_set_get (self, node);

  child->fail = parent == 0
                  ? 0
                  : string_set_advance (self, string_set_get (self, parent)->fail, child->byte);
  child->report = child->rank != IMP_STRING_SET_NO_RANK
                    ? node
                    : string_set_get (self, child->fail)->report;
}

static void
string_set_note_first (ImpStringSet *self)
{
  guint32 child = string_set_get (self, 0)->child;

  if (child == 0 || string_set_get (self, child)->sibling != 0)
    return;
  self->first = string_set_get (self, child)->byte;
  self->single = &self->first;
}

void
imp_string_set_finish (ImpStringSet *self)
{
  guint n = self->nodes->len;
  g_autofree guint32 *order = g_new (guint32, n);
  guint n_ordered = 1;

  order[0] = 0;
  self->table_of = g_new0 (guint32, n);
  self->tables = g_new (guint32, (gsize) MIN (n, DENSE_MAX) * TABLE_SIZE);
  for (guint i = 0; i < n_ordered; i++)
    {
      guint32 node = order[i];

      if (i < DENSE_MAX)
        string_set_fill_table (self, node, i);
      for (guint32 child = string_set_get (self, node)->child; child != 0;
           child = string_set_get (self, child)->sibling)
        {
          string_set_link_child (self, node, child);
          order[n_ordered++] = child;
        }
    }
  string_set_note_first (self);
}

/* ---- the search ---- */

static inline gboolean
string_scan_is_beaten (const StringScan *self, gsize from, guint32 rank)
{
  return !self->found || from < self->from || (from == self->from && rank < self->rank);
}

/* Takes all strings that end at @end. */
static void
string_scan_take (StringScan *self, gsize end)
{
  guint32 node = string_set_get (self->set, self->node)->report;

  while (node != 0)
    {
      const StringNode *at = string_set_get (self->set, node);

      if (string_scan_is_beaten (self, end - at->depth, at->rank))
        {
          self->found = TRUE;
          self->from = end - at->depth;
          self->to = end;
          self->rank = at->rank;
        }
      node = string_set_get (self->set, at->fail)->report;
    }
}

/* Where does what may become a match, and a better one than was found, begin? @end: nowhere. */
static gsize
string_scan_find_doubt (const StringScan *self, gsize end)
{
  guint32 node = self->node;

  while (node != 0)
    {
      const StringNode *at = string_set_get (self->set, node);
      gsize from = end - at->depth;

      if (self->found && from > self->from)
        return end;
      if (at->below != IMP_STRING_SET_NO_RANK && string_scan_is_beaten (self, from, at->below))
        return from;
      node = at->fail;
    }
  return end;
}

/* Where it can leave the root next. */
static inline gsize
string_scan_skip (const StringScan *self, const guint8 *data, gsize at, gsize end)
{
  const guint32 *row = self->set->tables;

  if (self->set->single != NULL)
    {
      const guint8 *next = memchr (data + at, *self->set->single, end - at);

      return next != NULL ? (gsize) (next - data) : end;
    }
  while (at < end && row[data[at]] == 0)
    at++;
  return at;
}

/* From @at to @end; gives where it is decided what is found, or @end. */
static gsize
string_scan_read (StringScan *self, const guint8 *data, gsize at, gsize end)
{
  const ImpStringSet *set = self->set;
  const StringNode *nodes = string_set_get (set, 0);
  guint32 node = self->node;

  while (at < end)
    {
      guint32 table;

      if (node == 0)
        {
          at = string_scan_skip (self, data, at, end);
          if (at == end)
            break;
        }
      table = set->table_of[node];
      node = table != 0 ? set->tables[(gsize) (table - 1) * TABLE_SIZE + data[at]]
                        : string_set_advance (set, node, data[at]);
      at++;
      if (G_LIKELY (nodes[node].report == 0 && !self->found))
        continue;
      self->node = node;
      string_scan_take (self, at);
      if (string_scan_find_doubt (self, at) == at)
        return at;
    }
  self->node = node;
  return end;
}

static ImpMatchStatus
string_scan_finish (const StringScan *self, ImpSearchRun *run, gsize at)
{
  gsize doubt = string_scan_find_doubt (self, at);

  if (self->found && (doubt == at || (at == run->length && run->end != IMP_MATCH_END_OPEN)))
    {
      run->from = self->from;
      run->to = self->to;
      run->which = self->rank;
      run->n_groups = 0;
      return IMP_MATCH_FOUND;
    }
  run->to = run->length;
  run->from = at == run->length && run->end == IMP_MATCH_END_FINAL ? at : doubt;
  if (at < run->length)
    return IMP_MATCH_BUSY;
  return run->from < run->length ? IMP_MATCH_MORE : IMP_MATCH_NONE;
}

ImpMatchStatus
imp_string_set_find (const ImpStringSet *self, ImpSearchRun *run, GError **error)
{
  StringScan scan = { .set = self };
  gint64 time = imp_effort_begin (run->effort);
  gsize at = run->position;
  gboolean decided = FALSE;

  do
    {
      gsize end = at + MIN (run->length - at, BLOCK_SIZE);
      gsize begin = at;

      at = string_scan_read (&scan, run->data, at, end);
      decided = scan.found && string_scan_find_doubt (&scan, at) == at;
      if (!imp_effort_charge (run->effort, &time, at - begin))
        {
          g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT,
                               "The strings are too costly for these data: their time in this "
                               "connection is used up");
          return IMP_MATCH_FAILED;
        }
    }
  while (!decided && at < run->length
         && !(imp_effort_slice_is_over (run->effort) && run->end != IMP_MATCH_END_PAUSE
              && string_scan_find_doubt (&scan, at) > run->position));
  return string_scan_finish (&scan, run, at);
}
