/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A server that says, byte by byte, what the test wants: one TCP connection, which provider and
 * test serve in turns from one main loop. */
typedef struct
{
  GSocket *listener; /* NULL once it is closed */
  GSocket *socket;   /* the connection; NULL before one and after the end */
  char *address;
  GString *heard; /* all that the provider has said */
} TestRaw;

TestRaw *test_raw_new (void);
void test_raw_free (TestRaw *self);

/* Nobody listens there any more. */
void test_raw_stop_listening (TestRaw *self);
/* Runs the loop until there is a connection. */
void test_raw_accept (TestRaw *self);
/* Runs the loop until the provider has said @text so often. */
void test_raw_expect (TestRaw *self, const char *text, guint times);
/* A line; the newline is added. */
G_GNUC_PRINTF (2, 3)
void test_raw_say (TestRaw *self, const char *format, ...);
void test_raw_say_bytes (TestRaw *self, gconstpointer data, gsize length);
/* Ends the connection, as a program that exits or as one that crashes. */
void test_raw_hang_up (TestRaw *self, gboolean reset);

/* A listener that accepts no connection and has no room for another one. */
typedef struct
{
  GPtrArray *sockets;
  char *address;
} TestBlackHole;

TestBlackHole *test_black_hole_new (gboolean tcp);
void test_black_hole_free (TestBlackHole *self);
