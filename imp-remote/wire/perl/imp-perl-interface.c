/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-message-private.h"

/* Interfaces, as Perl's side lists them: [type or undef, [results] or undef]. */

/* Of one interface: far more than there are, but one list can be referred to by many. */
#define MAX_RESULTS 256

/* An empty set in ImpResultFlags stands for no restriction, so a list that allows nothing that is
 * known here becomes FATAL alone, which is always allowed. */
static gboolean
read_results (ImpPerlTree *tree, const ImpPerlValue *list, ImpResultFlags *flags)
{
  ImpPerlArguments items;
  gint64 type = 0;

  *flags = IMP_RESULT_FLAGS_ALL;
  if (imp_perl_value_is_undef (list) || (list->kind == IMP_PERL_ARRAY && list->items.count == 0))
    return TRUE;
  if (list->kind != IMP_PERL_ARRAY || list->items.count > MAX_RESULTS)
    {
      imp_perl_tree_bad (tree, "The results of an interface are not a list of at most %d",
                         MAX_RESULTS);
      return FALSE;
    }
  imp_perl_arguments_init (&items, tree, list);
  while (items.next != NULL)
    {
      if (!imp_perl_read_number (tree, imp_perl_arguments_take (&items), "result",
                                 imp_perl_result_named, &type))
        return FALSE;
      if (type > 0 && type <= G_MAXUINT16)
        *flags |= imp_result_type_to_flag ((ImpResultType) type);
    }
  if (*flags == IMP_RESULT_FLAGS_ALL)
    *flags = IMP_RESULT_FLAGS_FATAL;
  return TRUE;
}

static gboolean
read_interface (ImpPerlArguments *entry, GList **interfaces)
{
  const ImpPerlValue *type = imp_perl_arguments_take (entry);
  const ImpPerlValue *results = imp_perl_arguments_take (entry);
  gint64 number = IMP_DATA_TYPE_ANY;
  ImpResultFlags flags;

  if (!imp_perl_value_is_undef (type)
      && !imp_perl_read_number (entry->tree, type, "type", imp_perl_data_type_named, &number))
    return FALSE;
  if (number < G_MININT32 || number > G_MAXINT32)
    {
      imp_perl_tree_bad (entry->tree, "%" G_GINT64_FORMAT " is no type of data", number);
      return FALSE;
    }
  if (!read_results (entry->tree, results, &flags))
    return FALSE;
  *interfaces = g_list_prepend (*interfaces, imp_interface_new ((gint32) number, flags));
  return TRUE;
}

/* Interfaces, and lists of interfaces. */
static gboolean
read_list (ImpPerlArguments *list, gboolean may_nest, guint *count, GList **interfaces)
{
  const ImpPerlValue *entry;

  while ((entry = imp_perl_arguments_take (list)) != NULL)
    {
      ImpPerlArguments items;
      gboolean read = TRUE;

      if (entry->kind != IMP_PERL_ARRAY || ++*count > IMP_MAX_INTERFACES)
        {
          imp_perl_tree_bad (list->tree, "The interfaces are not a list of at most %d",
                             IMP_MAX_INTERFACES);
          return FALSE;
        }
      imp_perl_arguments_init (&items, list->tree, entry);
      if (items.next != NULL && items.next->kind == IMP_PERL_ARRAY && may_nest)
        read = read_list (&items, FALSE, count, interfaces);
      else if (items.next != NULL)
        read = read_interface (&items, interfaces);
      if (!read)
        return FALSE;
    }
  return TRUE;
}

/* The arguments are interfaces, or a list of interfaces, or themselves make one interface: programs
 * of each kind are about. */
gboolean
imp_perl_interfaces_read (ImpPerlArguments *arguments, GList **interfaces)
{
  guint count = 0;
  gboolean read;

  if (arguments->next != NULL && arguments->next->kind != IMP_PERL_ARRAY)
    return read_interface (arguments, interfaces);
  read = read_list (arguments, TRUE, &count, interfaces);
  *interfaces = g_list_reverse (*interfaces);
  return read;
}
