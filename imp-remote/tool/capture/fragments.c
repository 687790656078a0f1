/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/fragments.h"

#include <string.h>

#define WHOLE_SIZE_MAX 65535
#define TIMEOUT_NS (FRAGMENTS_TIMEOUT * G_GINT64_CONSTANT (1000000000))

typedef struct
{
  guint32 offset;
  guint32 length;
} FragmentsPiece;

/* A packet of which not all pieces are there. */
typedef struct
{
  ImpIpHeader ip;
  guint32 id;
  gint64 time;
  GByteArray *data;
  GArray *pieces;  /* sorted */
  gsize received;  /* bytes */
  gsize length;    /* 0: the last piece has not come */
  gboolean is_bad; /* what comes of it is not taken */
} FragmentsWhole;

struct _Fragments
{
  GQueue wholes; /* the oldest first */
  FragmentsWhole *complete;
  FragmentsFunc given_up;
  gpointer user_data;
};

static void
fragments_whole_free (FragmentsWhole *whole)
{
  g_byte_array_unref (whole->data);
  g_array_unref (whole->pieces);
  g_free (whole);
}

Fragments *
fragments_new (FragmentsFunc given_up, gpointer user_data)
{
  Fragments *self = g_new0 (Fragments, 1);

  self->given_up = given_up;
  self->user_data = user_data;
  return self;
}

void
fragments_free (Fragments *self)
{
  g_queue_clear_full (&self->wholes, (GDestroyNotify) fragments_whole_free);
  g_clear_pointer (&self->complete, fragments_whole_free);
  g_free (self);
}

/* One that is bad has been told already. */
static void
fragments_drop_oldest (Fragments *self, const char *reason)
{
  FragmentsWhole *whole = g_queue_pop_head (&self->wholes);

  if (!whole->is_bad)
    self->given_up (reason, whole->pieces->len, self->user_data);
  fragments_whole_free (whole);
}

static void
fragments_expire (Fragments *self, gint64 time)
{
  FragmentsWhole *oldest;

  while ((oldest = g_queue_peek_head (&self->wholes)) != NULL && time > oldest->time
         && time - oldest->time > TIMEOUT_NS)
    fragments_drop_oldest (self, "fragments have not come in time");
}

static gboolean
fragments_whole_matches (const FragmentsWhole *whole, const Packet *packet)
{
  const ImpIpHeader *a = &whole->ip, *b = &packet->ip;

  return whole->id == packet->fragment_id && a->address_size == b->address_size
         && (a->address_size == 16 || a->protocol == b->protocol)
         && memcmp (a->source, b->source, a->address_size) == 0
         && memcmp (a->destination, b->destination, a->address_size) == 0;
}

static FragmentsWhole *
fragments_find (Fragments *self, const Packet *packet, gint64 time)
{
  FragmentsWhole *whole;

  for (GList *node = self->wholes.tail; node != NULL; node = node->prev)
    if (fragments_whole_matches (node->data, packet))
      return node->data;
  if (self->wholes.length == FRAGMENTS_WHOLES_MAX)
    fragments_drop_oldest (self, "there are too many packets whose fragments are incomplete");
  whole = g_new0 (FragmentsWhole, 1);
  whole->ip = packet->ip;
  whole->id = packet->fragment_id;
  whole->time = time;
  whole->data = g_byte_array_new ();
  whole->pieces = g_array_new (FALSE, FALSE, sizeof (FragmentsPiece));
  g_queue_push_tail (&self->wholes, whole);
  return whole;
}

/* Whoever lets pieces overlap wants them to be put together in different ways. A piece that comes
 * again as it was is no harm. */
static const char *
fragments_whole_add (FragmentsWhole *whole, const Packet *packet)
{
  const FragmentsPiece piece = { packet->fragment_offset, packet->length };
  const guint32 end = piece.offset + piece.length;
  guint i = 0;

  while (i < whole->pieces->len
         && g_array_index (whole->pieces, FragmentsPiece, i).offset < piece.offset)
    i++;
  if (i < whole->pieces->len)
    {
      const FragmentsPiece *next = &g_array_index (whole->pieces, FragmentsPiece, i);

      if (next->offset == piece.offset && next->length == piece.length
          && memcmp (whole->data->data + piece.offset, packet->data, piece.length) == 0)
        return NULL;
      if (next->offset < end)
        return "fragments overlap";
    }
  if (i > 0)
    {
      const FragmentsPiece *previous = &g_array_index (whole->pieces, FragmentsPiece, i - 1);

      if (previous->offset + previous->length > piece.offset)
        return "fragments overlap";
    }
  if (whole->length > 0 && end > whole->length)
    return "fragments overlap";
  /* What the first piece says counts. */
  if (piece.offset == 0)
    whole->ip = packet->ip;
  g_array_insert_val (whole->pieces, i, piece);
  if (whole->data->len < end)
    g_byte_array_set_size (whole->data, end);
  memcpy (whole->data->data + piece.offset, packet->data, piece.length);
  whole->received += piece.length;
  return NULL;
}

/* NULL: there is nothing wrong with it. */
static const char *
fragments_check (const FragmentsWhole *whole, const Packet *packet)
{
  if (packet->missing > 0)
    return "a fragment was not recorded as a whole";
  if (packet->length == 0
      || packet->length > WHOLE_SIZE_MAX - MIN (packet->fragment_offset, WHOLE_SIZE_MAX))
    return "a fragment has a wrong length";
  if (packet->more_fragments && packet->length % 8 != 0)
    return "a fragment has a wrong length";
  if (whole->pieces->len == FRAGMENTS_PIECES_MAX)
    return "there are too many fragments of one packet";
  return NULL;
}

static const char *
fragments_set_end (FragmentsWhole *whole, const Packet *packet)
{
  const gsize end = packet->fragment_offset + packet->length;

  if (packet->more_fragments)
    return NULL;
  if ((whole->length > 0 && whole->length != end) || whole->data->len > end)
    return "fragments overlap";
  whole->length = end;
  return NULL;
}

const guint8 *
fragments_add (Fragments *self, Packet *packet, gint64 time, gsize *length)
{
  FragmentsWhole *whole;
  const char *reason;

  g_clear_pointer (&self->complete, fragments_whole_free);
  fragments_expire (self, time);
  whole = fragments_find (self, packet, time);
  if (whole->is_bad)
    return NULL;
  reason = fragments_check (whole, packet);
  if (reason == NULL)
    reason = fragments_set_end (whole, packet);
  if (reason == NULL)
    reason = fragments_whole_add (whole, packet);
  if (reason != NULL)
    {
      /* It stays until its time is over: other pieces of it would begin another packet. */
      self->given_up (reason, whole->pieces->len + 1, self->user_data);
      whole->is_bad = TRUE;
      g_byte_array_set_size (whole->data, 0);
      g_array_set_size (whole->pieces, 0);
      return NULL;
    }
  if (whole->length == 0 || whole->received < whole->length)
    return NULL;
  g_queue_remove (&self->wholes, whole);
  self->complete = whole;
  packet->ip = whole->ip;
  *length = whole->length;
  return whole->data->data;
}

void
fragments_flush (Fragments *self)
{
  g_clear_pointer (&self->complete, fragments_whole_free);
  while (self->wholes.length > 0)
    fragments_drop_oldest (self, "fragments are missing at the end of the capture");
}
