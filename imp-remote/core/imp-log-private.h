/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As g_message() and the like, for whatever may have text of others in it, which is hardly ever
 * known not to be so: it is one line that has an end, as imp_clean_text() makes it. The library and
 * the tool log in no other way. */
#define imp_log_debug(...) imp_log (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define imp_log_message(...) imp_log (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, __VA_ARGS__)
#define imp_log_warning(...) imp_log (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, __VA_ARGS__)

/* Bytes of one line; what is more is left out, and counted. */
#define IMP_LOG_LINE_MAX 8192

void imp_log (const char *domain, GLogLevelFlags level, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

G_END_DECLS
