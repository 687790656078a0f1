/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

G_BEGIN_DECLS

/**
 * IMP_MAX_OFFSET:
 *
 * As the offset of a pass or prepass: indefinitely.
 *
 * The analyzer is not interested in that direction any more. It is -1, and not the greatest
 * 64-bit number, since JavaScript cannot hold the latter.
 *
 * Since: 0.1
 */
#define IMP_MAX_OFFSET ((gint64) -1)

/**
 * ImpDirection:
 * @IMP_DIRECTION_FROM_CLIENT: bytes that the client sends to the server
 * @IMP_DIRECTION_FROM_SERVER: bytes that the server sends to the client
 *
 * The two directions of an inspected connection.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_DIRECTION_FROM_CLIENT = 0,
  IMP_DIRECTION_FROM_SERVER = 1,
} ImpDirection;

#define IMP_TYPE_DIRECTION (imp_direction_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_direction_get_type (void);

/**
 * ImpResultType:
 * @IMP_RESULT_LOG: something for the provider's log
 * @IMP_RESULT_PORT_OPEN: reserved; carried and ignored
 * @IMP_RESULT_PORT_CLOSE: reserved; carried and ignored
 * @IMP_RESULT_ACCOUNT_FIELD: a field for accounting
 * @IMP_RESULT_PAUSE: a hint to stop feeding a direction
 * @IMP_RESULT_CONTINUE: a hint to go on feeding a direction
 * @IMP_RESULT_REPLACE_LATER: a promise of a replacement; the provider may forget those bytes
 * @IMP_RESULT_WANT: a hint: nothing more can be said before the input reaches an offset
 * @IMP_RESULT_PASS: forward up to an offset, which may lie in the future
 * @IMP_RESULT_PASS_PATTERN: forward unseen up to a match
 * @IMP_RESULT_PREPASS: forward up to an offset at once, and feed it nevertheless
 * @IMP_RESULT_TO_SENDER: write bytes back to the side that sent
 * @IMP_RESULT_REPLACE: forward other bytes instead of the unsettled input up to an offset
 * @IMP_RESULT_DENY: refuse the connection visibly
 * @IMP_RESULT_DROP: refuse the connection invisibly
 * @IMP_RESULT_FATAL: the analyzer itself has failed
 *
 * What an analyzer can answer. The values are those on the wire.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_RESULT_LOG = 0x0001,
  IMP_RESULT_PORT_OPEN = 0x0002,
  IMP_RESULT_PORT_CLOSE = 0x0003,
  IMP_RESULT_ACCOUNT_FIELD = 0x0004,
  IMP_RESULT_PAUSE = 0x0010,
  IMP_RESULT_CONTINUE = 0x0011,
  IMP_RESULT_REPLACE_LATER = 0x0012,
  IMP_RESULT_WANT = 0x0013,
  IMP_RESULT_PASS = 0x1001,
  IMP_RESULT_PASS_PATTERN = 0x1002,
  IMP_RESULT_PREPASS = 0x1003,
  IMP_RESULT_TO_SENDER = 0x1010,
  IMP_RESULT_REPLACE = 0x1011,
  IMP_RESULT_DENY = 0x1100,
  IMP_RESULT_DROP = 0x1101,
  IMP_RESULT_FATAL = 0x1102,
} ImpResultType;

#define IMP_TYPE_RESULT_TYPE (imp_result_type_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_result_type_get_type (void);

/**
 * ImpResultFlags:
 * @IMP_RESULT_FLAGS_ALL: every type of result: the empty set stands for no restriction
 * @IMP_RESULT_FLAGS_LOG: %IMP_RESULT_LOG
 * @IMP_RESULT_FLAGS_PORT_OPEN: %IMP_RESULT_PORT_OPEN
 * @IMP_RESULT_FLAGS_PORT_CLOSE: %IMP_RESULT_PORT_CLOSE
 * @IMP_RESULT_FLAGS_ACCOUNT_FIELD: %IMP_RESULT_ACCOUNT_FIELD
 * @IMP_RESULT_FLAGS_PAUSE: %IMP_RESULT_PAUSE
 * @IMP_RESULT_FLAGS_CONTINUE: %IMP_RESULT_CONTINUE
 * @IMP_RESULT_FLAGS_REPLACE_LATER: %IMP_RESULT_REPLACE_LATER
 * @IMP_RESULT_FLAGS_PASS: %IMP_RESULT_PASS
 * @IMP_RESULT_FLAGS_PASS_PATTERN: %IMP_RESULT_PASS_PATTERN
 * @IMP_RESULT_FLAGS_PREPASS: %IMP_RESULT_PREPASS
 * @IMP_RESULT_FLAGS_TO_SENDER: %IMP_RESULT_TO_SENDER
 * @IMP_RESULT_FLAGS_REPLACE: %IMP_RESULT_REPLACE
 * @IMP_RESULT_FLAGS_DENY: %IMP_RESULT_DENY
 * @IMP_RESULT_FLAGS_DROP: %IMP_RESULT_DROP
 * @IMP_RESULT_FLAGS_FATAL: %IMP_RESULT_FATAL
 * @IMP_RESULT_FLAGS_WANT: %IMP_RESULT_WANT
 *
 * A set of result types.
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  IMP_RESULT_FLAGS_ALL = 0,
  IMP_RESULT_FLAGS_LOG = 1 << 0,
  IMP_RESULT_FLAGS_PORT_OPEN = 1 << 1,
  IMP_RESULT_FLAGS_PORT_CLOSE = 1 << 2,
  IMP_RESULT_FLAGS_ACCOUNT_FIELD = 1 << 3,
  IMP_RESULT_FLAGS_PAUSE = 1 << 4,
  IMP_RESULT_FLAGS_CONTINUE = 1 << 5,
  IMP_RESULT_FLAGS_REPLACE_LATER = 1 << 6,
  IMP_RESULT_FLAGS_PASS = 1 << 7,
  IMP_RESULT_FLAGS_PASS_PATTERN = 1 << 8,
  IMP_RESULT_FLAGS_PREPASS = 1 << 9,
  IMP_RESULT_FLAGS_TO_SENDER = 1 << 10,
  IMP_RESULT_FLAGS_REPLACE = 1 << 11,
  IMP_RESULT_FLAGS_DENY = 1 << 12,
  IMP_RESULT_FLAGS_DROP = 1 << 13,
  IMP_RESULT_FLAGS_FATAL = 1 << 14,
  IMP_RESULT_FLAGS_WANT = 1 << 15,
} ImpResultFlags;

#define IMP_TYPE_RESULT_FLAGS (imp_result_flags_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_result_flags_get_type (void);

/**
 * ImpLogLevel:
 * @IMP_LOG_LEVEL_DEBUG: for those who look for an error
 * @IMP_LOG_LEVEL_INFO: an ordinary event
 * @IMP_LOG_LEVEL_NOTICE: an ordinary event worth a look
 * @IMP_LOG_LEVEL_WARNING: something may be wrong
 * @IMP_LOG_LEVEL_ERROR: something is wrong
 * @IMP_LOG_LEVEL_CRITICAL: something important is wrong
 * @IMP_LOG_LEVEL_ALERT: somebody has to act at once
 * @IMP_LOG_LEVEL_EMERGENCY: nothing works any more
 *
 * How important the message of an %IMP_RESULT_LOG is. The values are those on the wire.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_LOG_LEVEL_DEBUG = 1,
  IMP_LOG_LEVEL_INFO = 2,
  IMP_LOG_LEVEL_NOTICE = 3,
  IMP_LOG_LEVEL_WARNING = 4,
  IMP_LOG_LEVEL_ERROR = 5,
  IMP_LOG_LEVEL_CRITICAL = 6,
  IMP_LOG_LEVEL_ALERT = 7,
  IMP_LOG_LEVEL_EMERGENCY = 8,
} ImpLogLevel;

#define IMP_TYPE_LOG_LEVEL (imp_log_level_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_log_level_get_type (void);

/**
 * ImpFailMode:
 * @IMP_FAIL_HARD: refuse: the analyzer answers with %IMP_RESULT_FATAL
 * @IMP_FAIL_SOFT: let through: the analyzer logs an error and passes both directions indefinitely
 *
 * What becomes of an analyzer that cannot be reached any more.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_FAIL_HARD = 0,
  IMP_FAIL_SOFT = 1,
} ImpFailMode;

#define IMP_TYPE_FAIL_MODE (imp_fail_mode_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_fail_mode_get_type (void);

IMP_AVAILABLE_IN_0_1
const char    *imp_result_type_to_string   (ImpResultType type);
IMP_AVAILABLE_IN_0_1
ImpResultType  imp_result_type_from_string (const char *name);
IMP_AVAILABLE_IN_0_1
ImpResultFlags imp_result_type_to_flag     (ImpResultType type);

G_END_DECLS
