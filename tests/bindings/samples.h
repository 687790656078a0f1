/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both ends of the tests in C use: an analyzer that shouts, and a codec of their own. */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

#define SAMPLE_TYPE_SHOUT (sample_shout_get_type ())
G_DECLARE_FINAL_TYPE (SampleShout, sample_shout, SAMPLE, SHOUT, ImpAnalyzer)

#define SAMPLE_TYPE_BACKWARD (sample_backward_get_type ())
G_DECLARE_FINAL_TYPE (SampleBackward, sample_backward, SAMPLE, BACKWARD, GObject)

ImpFactory *sample_shout_factory (void);
ImpCodec *sample_backward_new (void);

G_END_DECLS
