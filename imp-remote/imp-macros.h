/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#if !defined(IMP_INSIDE) && !defined(IMP_COMPILATION)
#error "Only <imp-remote.h> can be included directly."
#endif

#include "imp-remote/imp-version.h"

/* Every exported function carries one of the macros below, named after the version that brought it;
 * all else stays hidden in the library. A new version adds its own three: IMP_VERSION_*,
 * IMP_AVAILABLE_IN_* and IMP_DEPRECATED_IN_*. */
#define IMP_EXTERN __attribute__ ((visibility ("default"))) extern

/**
 * IMP_DEPRECATED_FOR:
 * @f: what to use instead
 *
 * Declares a function of the library that is deprecated, whatever version a program is for.
 *
 * A program that defines `IMP_DISABLE_DEPRECATION_WARNINGS` hears of none.
 *
 * Since: 0.1
 */
/**
 * IMP_UNAVAILABLE:
 * @major: the major version that brought it
 * @minor: the minor version that brought it
 *
 * Declares a function of the library that came later than %IMP_VERSION_MAX_ALLOWED.
 *
 * Since: 0.1
 */
#ifdef IMP_DISABLE_DEPRECATION_WARNINGS
#define IMP_DEPRECATED IMP_EXTERN
#define IMP_DEPRECATED_FOR(f) IMP_EXTERN
#define IMP_UNAVAILABLE(major, minor) IMP_EXTERN
#else
#define IMP_DEPRECATED G_DEPRECATED IMP_EXTERN
#define IMP_DEPRECATED_FOR(f) G_DEPRECATED_FOR (f) IMP_EXTERN
#define IMP_UNAVAILABLE(major, minor) G_UNAVAILABLE (major, minor) IMP_EXTERN
#endif

/**
 * IMP_VERSION_0_1:
 *
 * Version 0.1, as a value for %IMP_VERSION_MIN_REQUIRED and %IMP_VERSION_MAX_ALLOWED.
 *
 * Since: 0.1
 */
#define IMP_VERSION_0_1 (G_ENCODE_VERSION (0, 1))

/**
 * IMP_VERSION_0_2:
 *
 * Version 0.2, as a value for %IMP_VERSION_MIN_REQUIRED and %IMP_VERSION_MAX_ALLOWED.
 *
 * Since: 0.2
 */
#define IMP_VERSION_0_2 (G_ENCODE_VERSION (0, 2))

/* The version of these headers. */
#define IMP_VERSION_CURRENT (G_ENCODE_VERSION (IMP_MAJOR_VERSION, IMP_MINOR_VERSION))

/**
 * IMP_VERSION_MIN_REQUIRED:
 *
 * The oldest version that a program wants to run with, which defines it before it includes
 * `imp-remote.h`: one of %IMP_VERSION_0_1 and so on. What was deprecated by then gives warnings.
 * Without it, it is the version of the headers.
 *
 * Since: 0.1
 */
#ifndef IMP_VERSION_MIN_REQUIRED
#define IMP_VERSION_MIN_REQUIRED (IMP_VERSION_CURRENT)
#endif

/**
 * IMP_VERSION_MAX_ALLOWED:
 *
 * The newest version whose functions a program wants to use, which defines it before it includes
 * `imp-remote.h`: one of %IMP_VERSION_0_1 and so on. What came later gives warnings. Without it,
 * it is the version of the headers.
 *
 * Since: 0.1
 */
#ifndef IMP_VERSION_MAX_ALLOWED
#define IMP_VERSION_MAX_ALLOWED (IMP_VERSION_CURRENT)
#endif

#if IMP_VERSION_MIN_REQUIRED < IMP_VERSION_0_1
#error "IMP_VERSION_MIN_REQUIRED must be at least IMP_VERSION_0_1"
#endif
#if IMP_VERSION_MAX_ALLOWED < IMP_VERSION_MIN_REQUIRED
#error "IMP_VERSION_MAX_ALLOWED must be at least IMP_VERSION_MIN_REQUIRED"
#endif

/**
 * IMP_DEPRECATED_IN_0_1_FOR:
 * @f: what to use instead
 *
 * Declares a function of the library that is deprecated since version 0.1.
 *
 * Since: 0.1
 */
#if IMP_VERSION_MIN_REQUIRED >= IMP_VERSION_0_1
#define IMP_DEPRECATED_IN_0_1 IMP_DEPRECATED
#define IMP_DEPRECATED_IN_0_1_FOR(f) IMP_DEPRECATED_FOR (f)
#else
#define IMP_DEPRECATED_IN_0_1 IMP_EXTERN
#define IMP_DEPRECATED_IN_0_1_FOR(f) IMP_EXTERN
#endif

#if IMP_VERSION_MAX_ALLOWED < IMP_VERSION_0_1
#define IMP_AVAILABLE_IN_0_1 IMP_UNAVAILABLE (0, 1)
#else
#define IMP_AVAILABLE_IN_0_1 IMP_EXTERN
#endif

/**
 * IMP_DEPRECATED_IN_0_2_FOR:
 * @f: what to use instead
 *
 * Declares a function of the library that is deprecated since version 0.2.
 *
 * Since: 0.2
 */
#if IMP_VERSION_MIN_REQUIRED >= IMP_VERSION_0_2
#define IMP_DEPRECATED_IN_0_2 IMP_DEPRECATED
#define IMP_DEPRECATED_IN_0_2_FOR(f) IMP_DEPRECATED_FOR (f)
#else
#define IMP_DEPRECATED_IN_0_2 IMP_EXTERN
#define IMP_DEPRECATED_IN_0_2_FOR(f) IMP_EXTERN
#endif

#if IMP_VERSION_MAX_ALLOWED < IMP_VERSION_0_2
#define IMP_AVAILABLE_IN_0_2 IMP_UNAVAILABLE (0, 2)
#else
#define IMP_AVAILABLE_IN_0_2 IMP_EXTERN
#endif
