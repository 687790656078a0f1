/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/analyzers/imp-http-head.h"
#include "imp-remote/core/imp-analyzer.h"

G_BEGIN_DECLS

/**
 * ImpHttpStrict:
 * @IMP_HTTP_STRICT_REFUSE: it is refused
 * @IMP_HTTP_STRICT_NORMALIZE: it is put right where RFC 9112 says how, and else refused
 *
 * What becomes of a message that is not as RFC 9112 has it ([property@Imp.HttpAnalyzer:strict]).
 *
 * Since: 0.2
 */
typedef enum
{
  IMP_HTTP_STRICT_REFUSE,
  IMP_HTTP_STRICT_NORMALIZE,
} ImpHttpStrict;

#define IMP_TYPE_HTTP_STRICT (imp_http_strict_get_type ())
IMP_AVAILABLE_IN_0_2
GType imp_http_strict_get_type (void);

/**
 * ImpHttpBody:
 * @IMP_HTTP_BODY_PASS: it passes unseen, which costs nothing
 * @IMP_HTTP_BODY_WATCH: it is shown in pieces, as they come, and passes
 * @IMP_HTTP_BODY_STREAM: it is shown in pieces, as they come, each of which may be replaced; it
 *   goes on in chunks
 * @IMP_HTTP_BODY_WHOLE: it is held, shown once it is there, and may be replaced; the head waits for
 *   it, and may still be changed
 *
 * What becomes of the body of a message ([method@Imp.HttpAnalyzer.read_body]).
 *
 * Since: 0.2
 */
typedef enum
{
  IMP_HTTP_BODY_PASS,
  IMP_HTTP_BODY_WATCH,
  IMP_HTTP_BODY_STREAM,
  IMP_HTTP_BODY_WHOLE,
} ImpHttpBody;

#define IMP_TYPE_HTTP_BODY (imp_http_body_get_type ())
IMP_AVAILABLE_IN_0_2
GType imp_http_body_get_type (void);

/**
 * ImpHttpLarge:
 * @IMP_HTTP_LARGE_DENY: the connection is refused
 * @IMP_HTTP_LARGE_PASS: it passes unseen
 *
 * What becomes of a body that is to be held as a whole and is longer than
 * [property@Imp.HttpAnalyzer:max-body].
 *
 * Since: 0.2
 */
typedef enum
{
  IMP_HTTP_LARGE_DENY,
  IMP_HTTP_LARGE_PASS,
} ImpHttpLarge;

#define IMP_TYPE_HTTP_LARGE (imp_http_large_get_type ())
IMP_AVAILABLE_IN_0_2
GType imp_http_large_get_type (void);

#define IMP_TYPE_HTTP_ANALYZER (imp_http_analyzer_get_type ())
IMP_AVAILABLE_IN_0_2
G_DECLARE_DERIVABLE_TYPE (ImpHttpAnalyzer, imp_http_analyzer, IMP, HTTP_ANALYZER, ImpAnalyzer)

/**
 * ImpHttpAnalyzerClass:
 * @request_head: called with the head of each request, which it may change; it may say what becomes
 *   of the body, answer instead of the server, or refuse
 * @response_head: the same for the final response to a request, or 101; other responses 1xx pass
 *   unseen
 * @request_body: called with the body of a request, as [method@Imp.HttpAnalyzer.read_body] has
 *   asked for it
 * @response_body: the same for a response
 * @message_end: called where a message has ended that was seen up to its end, with its head; a body
 *   that nobody looks at may end with its stream, unseen
 * @opaque: called once, when the connection turns into something else than HTTP, and all that
 *   follows passes unseen, in both directions: after 101, and after a successful CONNECT
 *
 * What a subclass implements, as far as it needs it. All return %TRUE, or %FALSE with an error,
 * which reaches the provider as a [enum@Imp.ResultType.FATAL] result.
 *
 * Since: 0.2
 */
struct _ImpHttpAnalyzerClass
{
  ImpAnalyzerClass parent_class;

  gboolean (*request_head)  (ImpHttpAnalyzer *self, ImpHttpHead *request, GError **error);
  gboolean (*response_head) (ImpHttpAnalyzer *self, ImpHttpHead *request,
                             ImpHttpHead *response, GError **error);
  gboolean (*request_body)  (ImpHttpAnalyzer *self, ImpHttpHead *request, GBytes *piece,
                             gboolean is_last, GError **error);
  gboolean (*response_body) (ImpHttpAnalyzer *self, ImpHttpHead *request,
                             ImpHttpHead *response, GBytes *piece, gboolean is_last,
                             GError **error);
  gboolean (*message_end)   (ImpHttpAnalyzer *self, ImpDirection direction, ImpHttpHead *head,
                             GError **error);
  gboolean (*opaque)        (ImpHttpAnalyzer *self, ImpHttpHead *request,
                             ImpHttpHead *response, GError **error);

  /*< private >*/
  gpointer padding[8];
};

/**
 * ImpHttpAnalyzerClass::request_head:
 * @self: an analyzer
 * @request: the head of a request
 * @error: return location for an error
 *
 * Takes the head of a request, before any of it goes on. It may be changed, the server spared by
 * [method@Imp.HttpAnalyzer.answer], and the body asked for by
 * [method@Imp.HttpAnalyzer.read_body].
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.2
 */
/**
 * ImpHttpAnalyzerClass::response_head:
 * @self: an analyzer
 * @request: the head of the request
 * @response: the head of the response
 * @error: return location for an error
 *
 * Takes the head of the final response to a request, or of 101, before any of it goes on. It may be
 * changed, and its body asked for. Other responses 1xx pass unseen.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.2
 */
/**
 * ImpHttpAnalyzerClass::request_body:
 * @self: an analyzer
 * @request: the head of the request
 * @piece: (transfer none): a piece of the body, or all of it
 * @is_last: whether nothing follows
 * @error: return location for an error
 *
 * Takes the body of a request, in pieces or as a whole, as [method@Imp.HttpAnalyzer.read_body] has
 * asked for it. Where nobody has, it is not called.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.2
 */
/**
 * ImpHttpAnalyzerClass::response_body:
 * @self: an analyzer
 * @request: the head of the request
 * @response: the head of the response
 * @piece: (transfer none): a piece of the body, or all of it
 * @is_last: whether nothing follows
 * @error: return location for an error
 *
 * Takes the body of a response, as [vfunc@Imp.HttpAnalyzer.request_body] does that of a request.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.2
 */
/**
 * ImpHttpAnalyzerClass::message_end:
 * @self: an analyzer
 * @direction: %IMP_DIRECTION_FROM_CLIENT for a request
 * @head: the head of the message
 * @error: return location for an error
 *
 * Takes note that a message has ended that was seen up to its end. A body that nobody looks at may
 * end with its stream, unseen.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.2
 */
/**
 * ImpHttpAnalyzerClass::opaque:
 * @self: an analyzer
 * @request: the head of the request
 * @response: the head of the response
 * @error: return location for an error
 *
 * Takes note, once, that the connection turns into something else than HTTP: after 101, and after a
 * successful CONNECT. All that follows passes unseen, in both directions.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.2
 */

IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_read_body     (ImpHttpAnalyzer *self, ImpHttpBody body);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_replace_body  (ImpHttpAnalyzer *self, const guint8 *data,
                                      gsize length);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_answer        (ImpHttpAnalyzer *self, ImpHttpHead *response,
                                      const guint8 *body, gsize length);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_refuse        (ImpHttpAnalyzer *self, guint status,
                                      const char *reason);

IMP_AVAILABLE_IN_0_2
gboolean imp_http_analyzer_get_explain (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_explain (ImpHttpAnalyzer *self, gboolean value);
IMP_AVAILABLE_IN_0_2
guint imp_http_analyzer_get_max_body (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_max_body (ImpHttpAnalyzer *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_http_analyzer_get_max_fields (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_max_fields (ImpHttpAnalyzer *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_http_analyzer_get_max_head_size (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_max_head_size (ImpHttpAnalyzer *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_http_analyzer_get_max_line (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_max_line (ImpHttpAnalyzer *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_http_analyzer_get_max_pipeline (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_max_pipeline (ImpHttpAnalyzer *self, guint value);
IMP_AVAILABLE_IN_0_2
ImpHttpLarge imp_http_analyzer_get_on_large_body (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_on_large_body (ImpHttpAnalyzer *self, ImpHttpLarge value);
IMP_AVAILABLE_IN_0_2
ImpHttpStrict imp_http_analyzer_get_strict (ImpHttpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_http_analyzer_set_strict (ImpHttpAnalyzer *self, ImpHttpStrict value);

G_END_DECLS
