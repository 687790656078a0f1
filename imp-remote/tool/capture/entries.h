/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

#include "tool/capture/tcp-input.h"

G_BEGIN_DECLS

/* What happened to one connection, for the report. */
typedef enum
{
  ENTRY_PASSED,
  ENTRY_REPLACED,
  ENTRY_ADDED, /* what the analyzer itself has sent */
  ENTRY_DENIED,
  ENTRY_DROPPED,
  ENTRY_FAILED,
  ENTRY_LOGGED,
  ENTRY_ACCOUNTED,
  ENTRY_GAP,
  ENTRY_CONFLICT, /* sent again with other bytes */
  ENTRY_NOTE,     /* something else that is odd */
} EntryKind;

/* How many there may be of one connection; and after how many nothing more is told that is odd. */
#define ENTRIES_MAX 1000
#define ENTRIES_ODD_MAX 500
/* Bytes of a text of others that are kept. */
#define ENTRIES_TEXT_MAX 1024

typedef struct
{
  EntryKind kind;
  gint8 direction; /* -1: of the connection */
  ImpLogLevel level;
  gint64 offset; /* -1: none */
  gint64 length;
  gint64 new_length; /* ENTRY_REPLACED */
  guint64 packet;    /* the first one it is about, from 1 on */
  guint64 last_packet;
  char *text; /* clean, or NULL */
} Entry;

typedef struct
{
  GArray *list; /* of Entry */
  gint last_passed[2];
  guint64 omitted; /* for which there was no room */
  gsize size;
  TcpBudget *budget;
} Entries;

const char *entry_kind_to_string (EntryKind kind);
const char *entry_direction_to_string (int direction);

void entries_init (Entries *self, TcpBudget *budget);
void entries_clear (Entries *self);

/* @entry: its text is not used. @text: of others, or NULL. What has passed next to what passed
 * before in that direction is one entry with it. */
void entries_add (Entries *self, const Entry *entry, const char *text);
void entries_add_note (Entries *self, int direction, guint64 packet, const char *text);

G_END_DECLS
