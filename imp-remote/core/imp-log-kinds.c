/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-log-kinds-private.h"

#include <syslog.h>

static const ImpLogKindInfo log_kinds[] = { { .priority = LOG_NOTICE },
#define LOG_KIND_ROW(symbol, name, level, id, summary) { name, LOG_##level, id, summary },
                                            IMP_LOG_KINDS (LOG_KIND_ROW)
#undef LOG_KIND_ROW
};

G_STATIC_ASSERT (G_N_ELEMENTS (log_kinds) == IMP_LOG_N_KINDS);

const ImpLogKindInfo *
imp_log_kind_peek_info (ImpLogKind kind)
{
  g_assert (kind < IMP_LOG_N_KINDS);

  return &log_kinds[kind];
}

ImpLogKind
imp_log_kind_find (const char *message_id)
{
  for (guint i = 1; i < IMP_LOG_N_KINDS; i++)
    if (g_str_equal (log_kinds[i].message_id, message_id))
      return i;
  return IMP_LOG_OTHER;
}
