/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-analyzer.h"
#include "core/imp-data-type.h"
#include "provider/imp-filter.h"

/* An HTTP analyzer that does what a test says, and writes down what it is told. */
typedef struct _TestHttp TestHttp;

struct _TestHttp
{
  ImpHttpAnalyzer parent_instance;
  void (*on_request) (TestHttp *self, ImpHttpHead *request);
  void (*on_response) (TestHttp *self, ImpHttpHead *request, ImpHttpHead *response);
  void (*on_body) (TestHttp *self, ImpHttpHead *head, GBytes *piece, gboolean is_last);
  GString *log;     /* "GET /|200|end0|" and so on */
  GString *body[2]; /* all that was shown */
};

#define TEST_TYPE_HTTP (test_http_get_type ())
GType test_http_get_type (void);

/* What somebody says, and to whom: a conversation ends with NULL. */
typedef struct
{
  ImpDirection direction;
  const char *text;
} HttpWords;

typedef struct
{
  TestHttp *http;
  ImpFilter *filter;
  GString *output[2];
  char *error; /* of the filter, once it has refused */
} HttpRig;

typedef void (*HttpSetup) (TestHttp *http);

void http_rig_init (HttpRig *rig, HttpSetup setup);
void http_rig_clear (HttpRig *rig);
void http_rig_push (HttpRig *rig, ImpDirection direction, const char *data, gsize length);
void http_rig_finish (HttpRig *rig);
/* Plays it: in pieces of @size bytes, or 0: as it is; and with a border at @split. */
void http_rig_play (HttpRig *rig, const HttpWords *words, gsize size, gsize split);
