/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

G_BEGIN_DECLS

/**
 * ImpError:
 * @IMP_ERROR_FAILED: something else failed
 * @IMP_ERROR_FATAL: an analyzer failed
 * @IMP_ERROR_PROTOCOL: the other side, or an analyzer, broke the rules
 * @IMP_ERROR_VERSION: no version of the protocol is known to both sides
 * @IMP_ERROR_LIMIT: a limit would have been passed
 * @IMP_ERROR_TIMEOUT: something took longer than it may
 * @IMP_ERROR_CLOSED: the object is closed
 * @IMP_ERROR_SETTINGS: a setting is wrong
 * @IMP_ERROR_UNSUPPORTED: the thing asked for is not supported
 * @IMP_ERROR_DENIED: an analyzer has refused the connection, or a server its client
 *
 * The library's errors, in the domain %IMP_ERROR.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_ERROR_FAILED,
  IMP_ERROR_FATAL,
  IMP_ERROR_PROTOCOL,
  IMP_ERROR_VERSION,
  IMP_ERROR_LIMIT,
  IMP_ERROR_TIMEOUT,
  IMP_ERROR_CLOSED,
  IMP_ERROR_SETTINGS,
  IMP_ERROR_UNSUPPORTED,
  IMP_ERROR_DENIED,
} ImpError;

/**
 * IMP_ERROR:
 *
 * The domain of the library's errors; the codes are those of [error@Imp.Error].
 *
 * Since: 0.1
 */
#define IMP_ERROR (imp_error_quark ())
IMP_AVAILABLE_IN_0_1
GQuark imp_error_quark (void);

#define IMP_TYPE_ERROR (imp_error_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_error_get_type (void);

G_END_DECLS
