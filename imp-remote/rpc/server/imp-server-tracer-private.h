/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"

G_BEGIN_DECLS

/* What became of an analyzer of a server, for who follows each of them. */
typedef struct
{
  const char *type;      /* what the analyzer is called */
  gint64 bytes[2];       /* that it was fed */
  guint64 n_verdicts;    /* that it has given */
  ImpResultType refusal; /* DENY, DROP or FATAL, or 0 */
  const char *failure;   /* why it was ended here, or NULL */
} ImpServerLife;

typedef struct
{
  /* An analyzer begins; @parent: what its context has as "traceparent", or NULL. NULL: nobody wants
   * to know of its end. */
  gpointer (*begin) (const char *parent, gpointer user_data);
  void (*end) (gpointer life, const ImpServerLife *what, gpointer user_data);
  gpointer user_data;
} ImpServerTracer;

/* Data of an ImpServer, set before it listens: an ImpServerTracer that lives as long. */
#define IMP_SERVER_TRACER_KEY "imp-server-tracer"

G_END_DECLS
