/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

/**
 * ImpSessionLogFormat:
 * @IMP_SESSION_LOG_BIN: for each piece of data the time in seconds since 1970 and in microseconds,
 *   each with 32 bits, the direction with 8, the length with 32, and the data; numbers are
 *   big-endian, and the length 0 is the end of a direction
 * @IMP_SESSION_LOG_PCAP: as if it had been recorded from a network, for Wireshark and others
 *
 * How an [class@Imp.SessionLogFactory] writes.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_SESSION_LOG_BIN,
  IMP_SESSION_LOG_PCAP,
} ImpSessionLogFormat;

#define IMP_TYPE_SESSION_LOG_FORMAT (imp_session_log_format_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_session_log_format_get_type (void);

#define IMP_TYPE_SESSION_LOG_FACTORY (imp_session_log_factory_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpSessionLogFactory, imp_session_log_factory, IMP, SESSION_LOG_FACTORY,
                      ImpFactory)

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_session_log_factory_new (const char *settings, GError **error);

G_END_DECLS
