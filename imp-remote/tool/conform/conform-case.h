/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-message.h"

G_BEGIN_DECLS

/* What a step does; its text is a message, a pattern, bytes or an argument. docs/conformance.md has
 * the words of the table. */
typedef enum
{
  CONFORM_STEP_SEND,     /* "> MESSAGE" */
  CONFORM_STEP_QUEUE,    /* "+ MESSAGE": goes with the next one that is sent, in one write */
  CONFORM_STEP_RAW,      /* "CODEC> LINE or hexadecimal": sent as it is */
  CONFORM_STEP_EXPECT,   /* "< PATTERN" */
  CONFORM_STEP_MAY,      /* "? PATTERN": may come from now on */
  CONFORM_STEP_SYNC,     /* "sync": all that was sent has been read, and the connection goes on */
  CONFORM_STEP_END,      /* "end": the other end ends the connection */
  CONFORM_STEP_SETTLED,  /* "settled DIR OFFSET": of analyzer 1 */
  CONFORM_STEP_OUTPUT,   /* "output DIR TEXT": what its verdicts have made of the input */
  CONFORM_STEP_BYTEWISE, /* "bytewise": what is sent from now on goes byte by byte */
  CONFORM_STEP_SHUT,     /* "shut": we end our output */
  CONFORM_STEP_CLOSE,    /* "close" */
  CONFORM_STEP_RESET,    /* "reset": as a machine that crashes */
  CONFORM_STEP_NEW,      /* "new": a provider has made an analyzer, $id from now on */
  CONFORM_STEP_FED,      /* "fed": it has been fed in direction $dir, up to $end */
  CONFORM_STEP_CALL,     /* "call NAME": what no table can say; see conform-special.c */
  CONFORM_STEP_BYTES,    /* of a vector: bytes */
} ConformStepKind;

typedef struct
{
  ConformStepKind kind;
  char *text;
  const ConformFormat *format; /* RAW: only in this format */
  GBytes *bytes;               /* RAW, BYTES */
} ConformStep;

/* What a case cannot do without. */
typedef enum
{
  CONFORM_NEED_REFERENCE = 1 << 0, /* the reference analyzer */
  CONFORM_NEED_STATUS = 1 << 1,    /* the feature "status" */
  CONFORM_NEED_END = 1 << 2,       /* the feature "end" */
  CONFORM_NEED_DEFAULTS = 1 << 3,  /* the limits that the specification names as defaults */
  CONFORM_NEED_INTERFACE = 1 << 4, /* a provider that has told which interface it uses */
} ConformNeeds;

typedef struct
{
  char *id;
  char *title;
  char *section;      /* of the specification */
  char *perl;         /* why a peer of Perl's Net::IMP::Remote fails here, or NULL */
  char *hello;        /* what to greet with instead of the usual, or NULL */
  guint versions;     /* a bit for each: 1 << version */
  GPtrArray *formats; /* of ConformFormat */
  ConformNeeds needs;
  gboolean bare;    /* we do not greet */
  GPtrArray *steps; /* of ConformStep */
} ConformCase;

ConformCase *conform_case_new (const char *id, const char *title, const char *section);
void conform_case_free (ConformCase *self);
/* Takes @bytes. */
void conform_case_add_step (ConformCase *self, ConformStepKind kind, const char *text,
                            GBytes *bytes);

gboolean conform_case_has_format (const ConformCase *self, const ConformFormat *format);

/* Adds the cases of a table, which is text; see docs/conformance.md. FALSE
 * with an error that names the line. */
gboolean conform_case_read_table (const char *text, GPtrArray *cases, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConformCase, conform_case_free)

G_END_DECLS
