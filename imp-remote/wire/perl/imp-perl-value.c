/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-value-private.h"

#include "core/imp-error.h"

#include <string.h>

/* Keys, and tags that stand for no value of their own, are read too. */
#define MAX_TAGS (2 * IMP_PERL_MAX_VALUES)

void
imp_perl_tree_init (ImpPerlTree *self, const ImpCursor *input, const ImpWireLimits *limits,
                    GError **error)
{
  memset (self, 0, G_STRUCT_OFFSET (ImpPerlTree, inline_values));
  self->input = *input;
  self->start = input->position;
  self->max_message = limits->max_message;
  self->max_context = limits->max_context;
  self->max_depth = limits->max_depth;
  self->error = error;
  self->values = self->inline_values;
  self->values_size = IMP_PERL_INLINE;
  self->marks = self->inline_marks;
  self->marks_size = IMP_PERL_INLINE;
  imp_perl_tree_add (self, 0, 0);
}

void
imp_perl_tree_clear (ImpPerlTree *self)
{
  if (self->values != self->inline_values)
    g_free (self->values);
  if (self->marks != self->inline_marks)
    g_free (self->marks);
}

ImpDecodeStatus
imp_perl_tree_bad (ImpPerlTree *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (self->error, IMP_ERROR, IMP_ERROR_PROTOCOL, text);
  return IMP_DECODE_BAD;
}

ImpDecodeStatus
imp_perl_tree_limit (ImpPerlTree *self, const char *what, gsize limit, const char *property)
{
  g_set_error (self->error, IMP_ERROR, IMP_ERROR_LIMIT,
               "%s, over the limit of %" G_GSIZE_FORMAT " (%s)", what, limit, property);
  return IMP_DECODE_BAD;
}

ImpDecodeStatus
imp_perl_tree_short (ImpPerlTree *self, guint64 missing)
{
  gsize have = self->input.position - self->start;

  if (self->complete)
    return imp_perl_tree_bad (self,
                              "A value needs %" G_GUINT64_FORMAT " bytes, but only %" G_GSIZE_FORMAT
                              " are left in the message",
                              missing, imp_cursor_left (&self->input));
  if (have > self->max_message || missing > self->max_message - have
      || self->pending > self->max_message - have - missing)
    return imp_perl_tree_limit (self, "A message has more bytes", self->max_message, "max-message");
  self->need = have + missing + self->pending;
  return IMP_DECODE_MORE;
}

ImpDecodeStatus
imp_perl_tree_take (ImpPerlTree *self, guint64 length, ImpPerlForm form, ImpPerlString *string)
{
  if (length > imp_cursor_left (&self->input))
    return imp_perl_tree_short (self, length);
  string->data = imp_cursor_take (&self->input, length);
  string->length = length;
  string->form = form;
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_perl_tree_tag (ImpPerlTree *self, guint8 *tag)
{
  if (!imp_cursor_u8 (&self->input, tag))
    return imp_perl_tree_short (self, 1);
  if (++self->n_tags > MAX_TAGS)
    return imp_perl_tree_limit (self, "A message has too many values", MAX_TAGS, "fixed");
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_perl_tree_enter (ImpPerlTree *self)
{
  if (self->depth >= self->max_depth)
    return imp_perl_tree_limit (self, "A message is nested deeper", self->max_depth, "max-depth");
  self->depth++;
  return IMP_DECODE_DONE;
}

void
imp_perl_tree_leave (ImpPerlTree *self)
{
  self->depth--;
}

ImpDecodeStatus
imp_perl_tree_announce (ImpPerlTree *self, guint64 count, guint least)
{
  if (count > IMP_PERL_MAX_VALUES - self->n_announced)
    return imp_perl_tree_limit (self, "A message has too many values", IMP_PERL_MAX_VALUES,
                                "fixed");
  if (self->complete && count * least > imp_cursor_left (&self->input))
    return imp_perl_tree_bad (self,
                              "%" G_GUINT64_FORMAT
                              " values are announced, but only %" G_GSIZE_FORMAT
                              " bytes are left in the message",
                              count, imp_cursor_left (&self->input));
  self->n_announced += count;
  self->pending += count * least;
  return IMP_DECODE_DONE;
}

static void
grow_values (ImpPerlTree *self)
{
  ImpPerlValue *old = self->values == self->inline_values ? NULL : self->values;

  self->values_size *= 2;
  self->values = g_renew (ImpPerlValue, old, self->values_size);
  if (old == NULL)
    memcpy (self->values, self->inline_values, sizeof self->inline_values);
}

/* There can be no more than IMP_PERL_MAX_VALUES and the root:
 * imp_perl_tree_announce() sees to it. */
ImpPerlIndex
imp_perl_tree_add (ImpPerlTree *self, ImpPerlIndex parent, ImpPerlIndex last)
{
  ImpPerlIndex index = self->n_values++;
  ImpPerlValue *value;

  if (index == self->values_size)
    grow_values (self);
  value = &self->values[index];
  value->kind = IMP_PERL_OPEN;
  value->next = 0;
  value->key.length = 0;
  if (last != 0)
    self->values[last].next = index;
  else if (index != 0)
    self->values[parent].items.first = index;
  return index;
}

static void
grow_marks (ImpPerlTree *self)
{
  ImpPerlMark *old = self->marks == self->inline_marks ? NULL : self->marks;

  self->marks_size *= 2;
  self->marks = g_renew (ImpPerlMark, old, self->marks_size);
  if (old == NULL)
    memcpy (self->marks, self->inline_marks, sizeof self->inline_marks);
}

/* As many as there are tags, at most. Positions only grow. */
void
imp_perl_tree_mark (ImpPerlTree *self, gsize position, ImpPerlIndex value)
{
  if (self->n_marks == self->marks_size)
    grow_marks (self);
  self->marks[self->n_marks].position = position;
  self->marks[self->n_marks++].value = value;
}

static gboolean
find_mark (ImpPerlTree *self, guint64 position, ImpPerlIndex *value)
{
  guint32 low = 0, high = self->n_marks;

  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if (self->marks[middle].position < position)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == self->n_marks || self->marks[low].position != position)
    return FALSE;
  *value = self->marks[low].value;
  return TRUE;
}

ImpDecodeStatus
imp_perl_tree_refer (ImpPerlTree *self, ImpPerlIndex value, guint64 position)
{
  ImpPerlIndex target;
  ImpPerlValue *to;

  if (!find_mark (self, position, &target))
    return imp_perl_tree_bad (self,
                              "A reference goes back to %" G_GUINT64_FORMAT ", where no value is",
                              position);
  if (self->values[target].kind == IMP_PERL_OPEN)
    return imp_perl_tree_bad (self,
                              "A value contains itself, by a reference back to %" G_GUINT64_FORMAT,
                              position);
  to = &self->values[value];
  to->kind = self->values[target].kind;
  if (to->kind == IMP_PERL_INTEGER)
    to->integer = self->values[target].integer;
  else if (to->kind == IMP_PERL_DOUBLE)
    to->number = self->values[target].number;
  else if (to->kind == IMP_PERL_STRING)
    to->string = self->values[target].string;
  else
    to->items = self->values[target].items;
  return IMP_DECODE_DONE;
}
