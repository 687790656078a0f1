/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-cursor-private.h"
#include "core/imp-verdict-private.h"
#include "io/imp-output-buffer-private.h"
#include "wire/imp-codec.h"
#include "wire/imp-message-private.h"

G_BEGIN_DECLS

/* What the library's own codecs are: rows of a table. The GInterface ImpCodec is for those of
 * others. */

/* What a decoder must refuse; each passing is IMP_ERROR_LIMIT naming the limit, its value and the
 * property that sets it. */
typedef struct
{
  gsize max_message; /* bytes of one whole message on the wire ("max-message") */
  gsize max_context; /* bytes of all keys and values of a context ("max-context") */
  guint max_depth;   /* nesting ("max-depth") */
} ImpWireLimits;

#define IMP_WIRE_MAX_MESSAGE_DEFAULT (32 * 1024 * 1024)
#define IMP_WIRE_MAX_CONTEXT_DEFAULT (64 * 1024)
#define IMP_WIRE_MAX_DEPTH_DEFAULT 32
#define IMP_WIRE_LIMITS_INIT                                                                       \
  {                                                                                                \
    IMP_WIRE_MAX_MESSAGE_DEFAULT, IMP_WIRE_MAX_CONTEXT_DEFAULT, IMP_WIRE_MAX_DEPTH_DEFAULT         \
  }

/* A DATA or RESULT as it lies in the input: nothing of it outlives the call that gave it. Or a
 * NEW_ANALYZER, whose context has a reference for the caller, or DELETE_ANALYZER. */
typedef struct
{
  gint64 id;
  gint64 offset;
  guint op;
  gint32 data_type; /* DATA */
  guint16 result;   /* RESULT: ImpResultType, of those that a verdict has by value */
  guint8 direction;
  const guint8 *payload; /* DATA, REPLACE */
  gsize length;
  ImpContext *context; /* NEW_ANALYZER */
} ImpHead;

typedef struct
{
  const char *name;
  guint max_version;     /* 1 or 2: what the format can carry */
  gboolean greets_first; /* a server that is told this codec sends set_version at once */

  /* Does a client's first message begin like this? Gets at least one byte.
   * DONE: yes, BAD: no, MORE: cannot tell yet. */
  ImpDecodeStatus (*recognize) (const guint8 *data, gsize length);

  /* Appends one message. @version is the version in force (1 or 2). FALSE with an error, and
   * @output unchanged, if the format cannot carry it. */
  gboolean (*encode) (const ImpMessage *message, guint version, ImpOutputBuffer *output,
                      GError **error);

  /* Reads one message from the cursor into @message, which is empty (IMP_MESSAGE_INIT).
   * DONE: @message is filled, the cursor stands behind it. MORE: the cursor stands where it stood,
   * *need is the number of bytes, from there, without which calling again is pointless (at least
   * one more than there are). BAD: @error is set; @message may be half filled, the caller clears
   * it. If the cursor was moved, it stands behind a frame that is well delimited but malformed,
   * and the connection can go on; if it was not, the connection is unrecoverable. */
  ImpDecodeStatus (*decode) (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message,
                             gsize *need, GError **error);

  /* The same for what comes with every chunk or analyzer, where the format has a shorter way (else
   * NULL). Each may leave anything to the general way: then it has changed nothing and gives FALSE,
   * or 0. */
  gboolean (*encode_data) (ImpOutputBuffer *output, gint64 id, ImpDirection direction,
                           const ImpView *data, gint64 offset, gint32 data_type);
  gboolean (*encode_verdict) (ImpOutputBuffer *output, gint64 id, const ImpVerdict *verdict);
  /* Gives how long the message is. */
  gsize (*decode_head) (const guint8 *data, gsize available, const ImpWireLimits *limits,
                        ImpHead *head);
} ImpWire;

extern const ImpWire imp_wire_json;
extern const ImpWire imp_wire_cbor;
#ifdef IMP_HAVE_PERL
extern const ImpWire imp_wire_storable;
extern const ImpWire imp_wire_sereal;
#endif

/* NULL-terminated, in the order in which they are tried on a client's first bytes. */
extern const ImpWire *const imp_wires[];

const ImpWire *imp_wire_by_name (const char *name, GError **error);
/* *wire is set on DONE. BAD: no codec begins so, @error names the bytes. */
ImpDecodeStatus imp_wire_recognize (const guint8 *data, gsize length, const ImpWire **wire,
                                    GError **error);

/* The table row of one of the library's codecs; NULL if @codec is another one. */
const ImpWire *imp_codec_get_wire (ImpCodec *codec);

G_END_DECLS
