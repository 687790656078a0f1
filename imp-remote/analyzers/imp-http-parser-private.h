/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-head-private.h"

G_BEGIN_DECLS

/* What is taken for HTTP, and how much of it. */
typedef struct
{
  guint strict;   /* ImpHttpStrict. NORMALIZE: what can be put right is not refused */
  guint max_head; /* bytes */
  guint max_line;
  guint max_fields;
} ImpHttpRules;

/* What is wrong with a message. */
typedef struct
{
  guint status; /* of a response that says so */
  char *reason; /* NULL: nothing */
} ImpHttpProblem;

typedef enum
{
  IMP_HTTP_REQUEST,
  IMP_HTTP_RESPONSE,
  IMP_HTTP_TRAILERS,
} ImpHttpPart;

/* Notes the first problem, and returns FALSE. */
gboolean imp_http_problem_set (ImpHttpProblem *self, guint status, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* A head up to the end of its empty line, or with TRAILERS fields and an empty line. NULL: see
 * @problem. */
ImpHttpHead *imp_http_parse (const ImpHttpRules *rules, ImpHttpPart part, const guint8 *data,
                             gsize length, ImpHttpProblem *problem);

/* How long its body is, and whether the fields that say so are as they must be. */
gboolean imp_http_frame_request (const ImpHttpRules *rules, ImpHttpHead *head,
                                 ImpHttpProblem *problem);
gboolean imp_http_frame_response (const ImpHttpRules *rules, ImpHttpHead *head,
                                  ImpHttpHead *request, ImpHttpProblem *problem);
gboolean imp_http_check_trailers (const ImpHttpRules *rules, ImpHttpHead *trailers,
                                  ImpHttpProblem *problem);
/* The line before a chunk, without what ends it. Its text is not to go on as it is where
 * *is_changed. */
gboolean imp_http_parse_chunk (const ImpHttpRules *rules, const guint8 *line, gsize length,
                               guint64 *size, gboolean *is_changed, ImpHttpProblem *problem);

G_END_DECLS
