/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-kinds-private.h"

G_BEGIN_DECLS

/* As g_message() and the like, for whatever may have text of others in it, which is hardly ever
 * known not to be so: it is one line that has an end, as imp_clean_text() makes it. The library and
 * the tool log in no other way. */
#define imp_log_debug(...) imp_log (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define imp_log_message(...) imp_log (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, __VA_ARGS__)
#define imp_log_warning(...) imp_log (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, __VA_ARGS__)

/* What connections come through, for finding errors: nothing is made of the arguments unless
 * somebody wants to see it. */
#define imp_log_state(...)                                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))                        \
      imp_log_debug (__VA_ARGS__);                                                                 \
  }                                                                                                \
  G_STMT_END

/* Bytes of one line; what is more is left out, and counted. */
#define IMP_LOG_LINE_MAX 8192

void imp_log (const char *domain, GLogLevelFlags level, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* What is known besides; the rest is zero. */
typedef struct
{
  guint64 connection; /* its number, or 0 */
  const char *client; /* addresses */
  const char *server;
  const char *module;    /* a script and its class, or a type */
  const char *direction; /* "client" or "server": from where */
  const gint64 *offset;
  const guint64 *bytes;
  const char *outcome; /* a word */
  const char *reason;
  const char *script; /* its file */
  const char *script_pid;
  const char *script_stream;
  ImpLogKind about; /* lines of which kind were left out */
  int level;        /* an ImpLogLevel instead of that of the kind, or 0 */
} ImpLogFields;

/* A line of a kind that has a MESSAGE_ID, with fields for those who search. It is a g_message()
 * whatever its level: that is told in PRIORITY, so that G_DEBUG=fatal-warnings does not let others
 * end the program. */
#define imp_log_kind(kind, ...) imp_log_event (G_LOG_DOMAIN, kind, NULL, __VA_ARGS__)
#define imp_log_with(kind, fields, ...) imp_log_event (G_LOG_DOMAIN, kind, fields, __VA_ARGS__)

void imp_log_event (const char *domain, ImpLogKind kind, const ImpLogFields *fields,
                    const char *format, ...) G_GNUC_PRINTF (4, 5);

/* The text in a field of a line, as writers get it; NULL if it has no such field. */
static inline const char *
imp_log_find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].value;
  return NULL;
}

G_END_DECLS
