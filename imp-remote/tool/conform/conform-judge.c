/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-judge.h"

#include "tool/conform/conform-analyzer.h"
#include "tool/conform/conform-op.h"

#define VERSION_MAX 2
/* A hint or a failure may come whatever the interface says. */
#define ALWAYS_ALLOWED                                                                             \
  (IMP_RESULT_FLAGS_FATAL | IMP_RESULT_FLAGS_PAUSE | IMP_RESULT_FLAGS_CONTINUE                     \
   | IMP_RESULT_FLAGS_REPLACE_LATER | IMP_RESULT_FLAGS_WANT)

struct _ConformJudge
{
  gboolean of_server;
  guint our_version;         /* 0: we have not said one */
  ImpMessage *theirs;        /* their set_version, or NULL */
  gboolean spoken;           /* they have said something */
  gboolean said_goodbye;     /* we, as a server */
  gint64 goodbye_token;      /* of a ping that went behind it; -1: there was none */
  gboolean heard_goodbye;    /* that ping was answered */
  gsize max_message;         /* that we have announced; 0: none */
  gboolean takes_want;       /* we do */
  ImpResultFlags results;    /* of the interface in use; 0: all */
  GHashTable *analyzers;     /* id -> ConformAnalyzer, also those that are gone */
  GQueue questions;          /* of GList of ImpInterface: get_interface without an answer */
  GHashTable *pings;         /* token -> how many pings with it have no answer */
  GHashTable *status_tokens; /* the same of get_status, whose answer may have several parts */
};

static GList *
conform_judge_copy_interfaces (GList *interfaces)
{
  return g_list_copy_deep (interfaces, (GCopyFunc) (void (*) (void)) imp_interface_ref, NULL);
}

static void
conform_judge_free_interfaces (gpointer list)
{
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

ConformJudge *
conform_judge_new (gboolean of_server)
{
  ConformJudge *self = g_new0 (ConformJudge, 1);

  self->of_server = of_server;
  self->goodbye_token = -1;
  self->analyzers = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL,
                                           (GDestroyNotify) conform_analyzer_free);
  self->pings = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->status_tokens = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

void
conform_judge_free (ConformJudge *self)
{
  g_clear_pointer (&self->theirs, imp_message_unref);
  g_hash_table_unref (self->analyzers);
  g_queue_clear_full (&self->questions, conform_judge_free_interfaces);
  g_hash_table_unref (self->pings);
  g_hash_table_unref (self->status_tokens);
  g_free (self);
}

guint
conform_judge_get_version (const ConformJudge *self)
{
  if (self->our_version == 0 || self->theirs == NULL)
    return 1;
  return MIN (MIN (self->our_version, imp_message_get_version (self->theirs)), VERSION_MAX);
}

static ConformAnalyzer *
conform_judge_look_up (const ConformJudge *self, gint64 id)
{
  return g_hash_table_lookup (self->analyzers, &id);
}

static ConformAnalyzer *
conform_judge_look_up_live (const ConformJudge *self, gint64 id)
{
  ConformAnalyzer *analyzer = conform_judge_look_up (self, id);

  return analyzer != NULL && analyzer->live ? analyzer : NULL;
}

/* A new holder of an id is another analyzer. */
static void
conform_judge_add_analyzer (ConformJudge *self, gint64 id)
{
  ConformAnalyzer *analyzer = conform_analyzer_new (id);

  g_hash_table_replace (self->analyzers, &analyzer->id, analyzer);
}

static void
conform_judge_count_token (GHashTable *tokens, gint64 token, int difference)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (tokens, &token)) + difference;

  g_hash_table_replace (tokens, g_memdup2 (&token, sizeof token), GUINT_TO_POINTER (n));
}

/* --- what a provider says, whichever end it is --- */

static char *
conform_judge_note_new (ConformJudge *self, ImpMessage *message)
{
  ConformAnalyzer *analyzer = conform_judge_look_up_live (self, imp_message_get_id (message));

  if (analyzer == NULL)
    {
      conform_judge_add_analyzer (self, imp_message_get_id (message));
      return NULL;
    }
  analyzer->n_refused++;
  return g_strdup_printf ("new_analyzer with id %" G_GINT64_FORMAT ", which is in use",
                          imp_message_get_id (message));
}

static char *
conform_judge_note_data (ConformJudge *self, ImpMessage *message)
{
  ConformAnalyzer *analyzer = conform_judge_look_up (self, imp_message_get_id (message));

  if (analyzer == NULL)
    return g_strdup_printf ("data for analyzer %" G_GINT64_FORMAT ", which never was",
                            imp_message_get_id (message));
  /* What was on its way when we ended it is no error. */
  return analyzer->over || !analyzer->live ? NULL : conform_analyzer_feed (analyzer, message);
}

static char *
conform_judge_note_delete (ConformJudge *self, ImpMessage *message)
{
  ConformAnalyzer *analyzer = conform_judge_look_up (self, imp_message_get_id (message));

  if (analyzer != NULL)
    analyzer->live = FALSE;
  return NULL;
}

static char *
conform_judge_note_provider (ConformJudge *self, ImpMessage *message)
{
  ImpInterface *interface;

  switch (imp_message_get_op (message))
    {
    case IMP_OP_NEW_ANALYZER:
      return conform_judge_note_new (self, message);
    case IMP_OP_DELETE_ANALYZER:
      return conform_judge_note_delete (self, message);
    case IMP_OP_DATA:
      return conform_judge_note_data (self, message);
    case IMP_OP_GET_INTERFACE:
      g_queue_push_tail (&self->questions,
                         conform_judge_copy_interfaces (imp_message_get_interfaces (message)));
      return NULL;
    case IMP_OP_GET_STATUS:
      conform_judge_count_token (self->status_tokens, imp_message_get_token (message), 1);
      return NULL;
    case IMP_OP_SET_INTERFACE:
      interface = imp_message_get_interfaces (message) != NULL
                    ? imp_message_get_interfaces (message)->data
                    : NULL;
      self->results = interface != NULL ? imp_interface_get_results (interface) : 0;
      return NULL;
    default:
      return NULL;
    }
}

/* --- what a server says --- */

static char *
conform_judge_note_interface (ConformJudge *self, ImpMessage *message)
{
  GList *asked, *l, *k;
  char *wrong = NULL;

  if (g_queue_is_empty (&self->questions))
    return g_strdup ("an interface that nobody has asked for");
  asked = g_queue_pop_head (&self->questions);
  for (l = imp_message_get_interfaces (message); l != NULL && asked != NULL && wrong == NULL;
       l = l->next)
    {
      gint32 type = imp_interface_get_data_type (l->data);

      for (k = asked; k != NULL && imp_interface_get_data_type (k->data) != type
                      && imp_interface_get_data_type (k->data) != 0;)
        k = k->next;
      if (k == NULL)
        wrong = g_strdup_printf ("an interface for the type of data %d, which was not asked for",
                                 type);
    }
  conform_judge_free_interfaces (asked);
  return wrong;
}

static char *
conform_judge_take_token (GHashTable *tokens, gint64 token, gboolean keep, const char *what)
{
  if (GPOINTER_TO_UINT (g_hash_table_lookup (tokens, &token)) > 0)
    {
      conform_judge_count_token (tokens, token, keep ? 0 : -1);
      return NULL;
    }
  return g_strdup_printf ("%s with the token %" G_GINT64_FORMAT ", which nobody has asked with",
                          what, token);
}

static gboolean
conform_judge_allows (const ConformJudge *self, ImpResultType type)
{
  return (imp_result_type_to_flag (type) & (self->results | ALWAYS_ALLOWED)) != 0;
}

static char *
conform_judge_note_result (ConformJudge *self, ImpMessage *message)
{
  ConformAnalyzer *analyzer = conform_judge_look_up (self, imp_message_get_id (message));
  ImpResultType type = imp_result_get_result_type (imp_message_get_result (message));

  if (analyzer == NULL)
    return g_strdup_printf ("a result for analyzer %" G_GINT64_FORMAT ", which never was",
                            imp_message_get_id (message));
  if (!analyzer->live && !analyzer->over)
    return NULL; /* deleted while the result was on its way */
  if (type == IMP_RESULT_WANT && !self->takes_want)
    return g_strdup ("the result want, for which the client has no feature");
  if (self->results != 0 && !conform_judge_allows (self, type))
    return g_strdup_printf ("the result type 0x%04x, which the interface does not allow", type);
  return conform_analyzer_apply (analyzer, imp_message_get_result (message));
}

/* One about an id that was to be used twice leaves its first holder alone. */
static void
conform_judge_note_exception (ConformJudge *self, ImpMessage *message)
{
  ConformAnalyzer *analyzer = conform_judge_look_up (self, imp_message_get_id (message));

  if (analyzer == NULL)
    return;
  if (analyzer->n_refused > 0)
    {
      analyzer->n_refused--;
      return;
    }
  analyzer->over = TRUE;
  analyzer->live = FALSE;
}

static char *
conform_judge_note_server (ConformJudge *self, ImpMessage *message)
{
  switch (imp_message_get_op (message))
    {
    case IMP_OP_INTERFACE:
      return conform_judge_note_interface (self, message);
    case IMP_OP_STATUS:
      return conform_judge_take_token (self->status_tokens, imp_message_get_token (message),
                                       imp_message_get_more (message), "a status");
    case IMP_OP_RESULT:
      return conform_judge_note_result (self, message);
    case IMP_OP_EXCEPTION:
      conform_judge_note_exception (self, message);
      return NULL;
    default:
      return NULL;
    }
}

/* --- what both say --- */

/* What comes behind the answer to a ping that went behind our goodbye was said by who knew. */
static void
conform_judge_note_ping (ConformJudge *self, ImpMessage *message)
{
  gint64 token = imp_message_get_token (message);

  conform_judge_count_token (self->pings, token, 1);
  if (self->said_goodbye && self->goodbye_token < 0)
    self->goodbye_token = token;
}

void
conform_judge_note_sent (ConformJudge *self, ImpMessage *message)
{
  if (imp_message_get_op (message) == IMP_OP_SET_VERSION && self->our_version == 0)
    {
      self->our_version = imp_message_get_version (message);
      self->max_message = conform_op_get_limit (message, "max-message");
      self->takes_want = conform_op_has_feature (message, "want");
    }
  else if (imp_message_get_op (message) == IMP_OP_PING)
    conform_judge_note_ping (self, message);
  else if (imp_message_get_op (message) == IMP_OP_GOODBYE && !self->of_server)
    self->said_goodbye = TRUE;
  /* What a case sends may be wrong; that is what it is about. */
  else if (self->of_server)
    g_free (conform_judge_note_provider (self, message));
  else
    g_free (conform_judge_note_server (self, message));
}

static char *
conform_judge_check_greeting (ConformJudge *self, ImpMessage *message)
{
  if (self->theirs != NULL)
    return g_strdup ("a second set_version");
  if (self->spoken)
    return g_strdup ("set_version behind something else");
  if (self->of_server && self->our_version < 2 && imp_message_get_version (message) != 1)
    return g_strdup_printf ("version %u, to a client of version 1",
                            imp_message_get_version (message));
  self->theirs = imp_message_ref (message);
  return NULL;
}

static gboolean
conform_judge_is_allowed (ConformJudge *self, ImpMessage *message)
{
  ImpOp op = imp_message_get_op (message);

  return conform_op_may_send (op, self->of_server)
         && conform_op_get_version (op) <= conform_judge_get_version (self);
}

/* Before what is particular to an op. */
static char *
conform_judge_check_form (ConformJudge *self, ImpMessage *message, gsize size)
{
  const char *name = conform_op_get_name (imp_message_get_op (message));

  if (self->max_message > 0 && size > self->max_message)
    return g_strdup_printf ("a message of %" G_GSIZE_FORMAT
                            " bytes, though we take %" G_GSIZE_FORMAT " (max-message)",
                            size, self->max_message);
  if (imp_message_get_op (message) == IMP_OP_SET_VERSION)
    return conform_judge_check_greeting (self, message);
  if (self->of_server && self->theirs == NULL && imp_message_get_op (message) != IMP_OP_EXCEPTION)
    return g_strdup_printf ("%s before set_version", name);
  if (!conform_judge_is_allowed (self, message))
    return g_strdup_printf ("%s, which is not for it to say in version %u", name,
                            conform_judge_get_version (self));
  if (imp_message_get_op (message) == IMP_OP_NEW_ANALYZER && self->heard_goodbye)
    return g_strdup ("new_analyzer, after it has heard our goodbye");
  return NULL;
}

char *
conform_judge_check (ConformJudge *self, ImpMessage *message, gsize size)
{
  char *wrong = conform_judge_check_form (self, message, size);

  self->spoken = TRUE;
  if (wrong != NULL)
    return wrong;
  if (imp_message_get_op (message) == IMP_OP_PONG)
    {
      gint64 token = imp_message_get_token (message);

      self->heard_goodbye = self->heard_goodbye
                            || (self->goodbye_token >= 0 && token == self->goodbye_token);
      return conform_judge_take_token (self->pings, token, FALSE, "a pong");
    }
  return self->of_server ? conform_judge_note_server (self, message)
                         : conform_judge_note_provider (self, message);
}

/* --- for those who ask --- */

gboolean
conform_judge_is_live (const ConformJudge *self, gint64 id)
{
  return conform_judge_look_up_live (self, id) != NULL;
}

gboolean
conform_judge_was_fed (const ConformJudge *self, gint64 id)
{
  const ConformAnalyzer *analyzer = conform_judge_look_up (self, id);

  return analyzer != NULL && analyzer->fed;
}

gint64
conform_judge_get_settled (const ConformJudge *self, gint64 id, guint direction)
{
  const ConformAnalyzer *analyzer = conform_judge_look_up (self, id);

  return analyzer != NULL ? analyzer->sides[direction].settled : 0;
}

const GString *
conform_judge_get_output (const ConformJudge *self, gint64 id, guint direction)
{
  const ConformAnalyzer *analyzer = conform_judge_look_up (self, id);

  return analyzer != NULL ? analyzer->sides[direction].output : NULL;
}

gint64
conform_judge_get_fed (const ConformJudge *self, gint64 id, guint direction)
{
  const ConformAnalyzer *analyzer = conform_judge_look_up (self, id);

  return analyzer != NULL ? analyzer->sides[direction].end : 0;
}

ImpMessage *
conform_judge_get_greeting (const ConformJudge *self)
{
  return self->theirs;
}
