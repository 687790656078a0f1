/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"

/**
 * imp_error_quark:
 *
 * Gets the domain of the library's errors.
 *
 * Returns: the quark
 *
 * Since: 0.1
 */
/* clang-format off */
G_DEFINE_QUARK (imp-error-quark, imp_error)

G_DEFINE_ENUM_TYPE (ImpError, imp_error,
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_FATAL, "fatal"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_PROTOCOL, "protocol"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_VERSION, "version"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_LIMIT, "limit"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_TIMEOUT, "timeout"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_SETTINGS, "settings"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_UNSUPPORTED, "unsupported"),
                    G_DEFINE_ENUM_VALUE (IMP_ERROR_DENIED, "denied"))
/* clang-format on */
